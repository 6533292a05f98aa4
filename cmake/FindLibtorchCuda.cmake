# Defines libtorch::cuda, the CUDA part of the torch that FindLibtorchCpu found, which has to be a build for the CUDA
# version of the toolkit. Needs LibtorchCpu, CudaRuntime and Nccl to have been found.
#   LibtorchCuda_VERSION, the CUDA version it was built for
get_filename_component(_lib ${LibtorchCpu_LIBRARY} DIRECTORY)
find_library(LibtorchCuda_LIBRARY torch_cuda PATHS ${_lib} NO_DEFAULT_PATH NO_CACHE)
find_library(LibtorchCuda_C10_LIBRARY c10_cuda PATHS ${_lib} NO_DEFAULT_PATH NO_CACHE)
set(_reason "${_lib} has no libtorch_cuda.so: this torch is built for the CPU alone")

if(LibtorchCuda_LIBRARY)
  if(EXISTS ${_lib}/../version.py)
    file(STRINGS ${_lib}/../version.py LibtorchCuda_VERSION REGEX "^cuda.*= *'")
    string(REGEX MATCH "[0-9]+\\.[0-9]+" LibtorchCuda_VERSION "${LibtorchCuda_VERSION}")
  endif()
  string(REGEX MATCH "^[0-9]+" _torch_major "${LibtorchCuda_VERSION}")
  string(REGEX MATCH "^[0-9]+" _toolkit_major "${CudaRuntime_VERSION}")

  # Where libraries that libtorch_cuda.so names may be: beside it in the package, then in the toolkit.
  get_filename_component(_nccl_dir ${Nccl_LIBRARY} DIRECTORY)
  file(GLOB _dirs ${_lib}/../../nvidia/*/lib)
  set(LibtorchCuda_LIBRARY_DIRS "")
  foreach(_dir ${_lib} ${_dirs} ${_nccl_dir} ${CudaRuntime_LIBRARY_DIR})
    get_filename_component(_dir ${_dir} REALPATH)
    list(APPEND LibtorchCuda_LIBRARY_DIRS ${_dir})
  endforeach()
  list(REMOVE_DUPLICATES LibtorchCuda_LIBRARY_DIRS)
  list(JOIN LibtorchCuda_LIBRARY_DIRS ":" _path)
  # The driver's own library is loaded when there is a device; everything else must be here.
  execute_process(COMMAND ${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${_path} ldd ${LibtorchCuda_LIBRARY}
                  OUTPUT_VARIABLE _needs ERROR_QUIET)
  string(REGEX MATCHALL "[^ \t\n]+ => not found" _missing "${_needs}")
  list(TRANSFORM _missing REPLACE " => not found" "")
  list(REMOVE_ITEM _missing libcuda.so.1)
  list(REMOVE_DUPLICATES _missing)

  set(LibtorchCuda_FITS ON)
  if(NOT _torch_major STREQUAL _toolkit_major)
    set(LibtorchCuda_FITS "")
    set(_reason "this torch is built for CUDA ${LibtorchCuda_VERSION}, the toolkit is ${CudaRuntime_VERSION}")
  elseif(_missing)
    set(LibtorchCuda_FITS "")
    list(JOIN _missing " " _missing)
    set(_reason "libtorch_cuda.so lacks ${_missing} (launch/setup.sh --cuda on installs what it needs)")
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibtorchCuda
  REQUIRED_VARS LibtorchCuda_LIBRARY LibtorchCuda_C10_LIBRARY LibtorchCuda_FITS REASON_FAILURE_MESSAGE "${_reason}")
set(LibtorchCuda_REASON "${_reason}")

if(LibtorchCuda_FOUND AND NOT TARGET libtorch::cuda)
  add_library(libtorch::cuda INTERFACE IMPORTED)
  # Nothing calls libtorch_cuda.so by name: its kernels register themselves when it is loaded, so it must stay among the
  # needed libraries. One string, since CMake may sort separate items.
  set_target_properties(libtorch::cuda PROPERTIES INTERFACE_LINK_LIBRARIES
    "libtorch::cpu;-Wl,--push-state,--no-as-needed,${LibtorchCuda_LIBRARY},--pop-state;${LibtorchCuda_C10_LIBRARY}")
  foreach(_dir ${LibtorchCuda_LIBRARY_DIRS})
    target_link_options(libtorch::cuda INTERFACE -Wl,-rpath,${_dir})
  endforeach()
endif()
