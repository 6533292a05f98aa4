# Defines libtorch::cpu from the torch Python wheel. torch's own CMake config refuses a CUDA wheel on a machine
# without the CUDA toolkit; the CPU part needs only two libraries of it, so they are linked by hand.
#   PAGEWRIGHT_TORCH_DIR   the wheel's `torch` folder; found in the build's virtual environment or python3 if empty
set(PAGEWRIGHT_TORCH_DIR "" CACHE PATH "Folder of the torch Python package (contains lib/ and include/)")

set(_candidates ${PAGEWRIGHT_TORCH_DIR} $ENV{PAGEWRIGHT_TORCH_DIR})
file(GLOB _venv_torch ${CMAKE_BINARY_DIR}/venv/lib/python3*/site-packages/torch
     ${CMAKE_SOURCE_DIR}/build/venv/lib/python3*/site-packages/torch)
list(APPEND _candidates ${_venv_torch})
if(NOT _candidates)
  execute_process(COMMAND python3 -c "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
                  OUTPUT_VARIABLE _python_torch OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  list(APPEND _candidates ${_python_torch})
endif()
find_path(LibtorchCpu_INCLUDE_DIR ATen/core/Tensor.h PATHS ${_candidates} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(LibtorchCpu_LIBRARY torch_cpu PATHS ${_candidates} PATH_SUFFIXES lib NO_DEFAULT_PATH)
find_library(LibtorchCpu_C10_LIBRARY c10 PATHS ${_candidates} PATH_SUFFIXES lib NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibtorchCpu
  REQUIRED_VARS LibtorchCpu_LIBRARY LibtorchCpu_C10_LIBRARY LibtorchCpu_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "run launch/setup.sh, or give -DPAGEWRIGHT_TORCH_DIR=<folder of the torch Python package>")

if(LibtorchCpu_FOUND AND NOT TARGET libtorch::cpu)
  file(STRINGS ${LibtorchCpu_INCLUDE_DIR}/torch/csrc/api/include/torch/version.h _version
       REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX MATCHALL "[0-9]+" _version "${_version}")
  list(JOIN _version "." LibtorchCpu_VERSION)
  get_filename_component(_lib ${LibtorchCpu_LIBRARY} DIRECTORY)
  file(GLOB _cuda_libs ${_lib}/../../nvidia/cu13/lib ${_lib}/../../nvidia/cuda_runtime/lib ${_lib}/../../nvidia/cuda_cupti/lib)
  add_library(libtorch::cpu INTERFACE IMPORTED)
  set_target_properties(libtorch::cpu PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES
      "${LibtorchCpu_INCLUDE_DIR};${LibtorchCpu_INCLUDE_DIR}/torch/csrc/api/include"
    INTERFACE_LINK_LIBRARIES "${LibtorchCpu_LIBRARY};${LibtorchCpu_C10_LIBRARY}")
  # The dynamic linker of old binutils resolves a library's own needs at link time; ours need not.
  target_link_options(libtorch::cpu INTERFACE -Wl,--allow-shlib-undefined -Wl,--disable-new-dtags)
  foreach(_dir ${_lib} ${_cuda_libs})
    get_filename_component(_dir ${_dir} REALPATH)
    target_link_options(libtorch::cpu INTERFACE -Wl,-rpath,${_dir})
  endforeach()
endif()
