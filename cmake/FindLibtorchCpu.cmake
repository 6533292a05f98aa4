# Defines libtorch::cpu from the torch Python wheel. torch's own CMake config refuses a CUDA wheel on a machine
# without the CUDA toolkit; the CPU part needs only two libraries of it, so they are linked by hand.
#   PAGEWRIGHT_TORCH_DIR   the wheel's `torch` folder (cache variable or environment). When it is empty: the virtual
#                          environment that launch/setup.sh makes in build/venv, then the torch of python3.
set(PAGEWRIGHT_TORCH_DIR "" CACHE PATH "Folder of the torch Python package (contains lib/ and include/)")

# A build folder outlives the torch it was configured with: look again whenever the place has gone or was changed.
if(NOT EXISTS "${LibtorchCpu_INCLUDE_DIR}" OR NOT "${LibtorchCpu_ASKED_DIR}" STREQUAL "${PAGEWRIGHT_TORCH_DIR}")
  unset(LibtorchCpu_INCLUDE_DIR CACHE)
  unset(LibtorchCpu_LIBRARY CACHE)
  unset(LibtorchCpu_C10_LIBRARY CACHE)
endif()
set(LibtorchCpu_ASKED_DIR "${PAGEWRIGHT_TORCH_DIR}" CACHE INTERNAL "")

if(LibtorchCpu_INCLUDE_DIR)
  set(_candidates "")
elseif(PAGEWRIGHT_TORCH_DIR)
  set(_candidates ${PAGEWRIGHT_TORCH_DIR})
  set(_reason "PAGEWRIGHT_TORCH_DIR")
elseif(DEFINED ENV{PAGEWRIGHT_TORCH_DIR})
  set(_candidates $ENV{PAGEWRIGHT_TORCH_DIR})
  set(_reason "PAGEWRIGHT_TORCH_DIR of the environment")
else()
  file(GLOB _candidates ${CMAKE_BINARY_DIR}/venv/lib/python3*/site-packages/torch
       ${CMAKE_SOURCE_DIR}/build/venv/lib/python3*/site-packages/torch)
  set(_reason "installed by launch/setup.sh")
  if(NOT _candidates)
    execute_process(
      COMMAND python3 -c "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
      OUTPUT_VARIABLE _candidates OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    set(_reason "the torch of python3")
  endif()
endif()
if(_candidates)
  set(LibtorchCpu_REASON "${_reason}" CACHE INTERNAL "Why this torch")
endif()
find_path(LibtorchCpu_INCLUDE_DIR ATen/core/Tensor.h PATHS ${_candidates} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(LibtorchCpu_LIBRARY torch_cpu PATHS ${_candidates} PATH_SUFFIXES lib NO_DEFAULT_PATH)
find_library(LibtorchCpu_C10_LIBRARY c10 PATHS ${_candidates} PATH_SUFFIXES lib NO_DEFAULT_PATH)

if(LibtorchCpu_INCLUDE_DIR)
  file(STRINGS ${LibtorchCpu_INCLUDE_DIR}/torch/csrc/api/include/torch/version.h _version
       REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  # In the 2.9 series and later the numbers are in headeronly/version.h.
  if(NOT _version AND EXISTS ${LibtorchCpu_INCLUDE_DIR}/torch/headeronly/version.h)
    file(STRINGS ${LibtorchCpu_INCLUDE_DIR}/torch/headeronly/version.h _version
         REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  endif()
  string(REGEX MATCHALL "[0-9]+" _version "${_version}")
  list(JOIN _version "." LibtorchCpu_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibtorchCpu
  REQUIRED_VARS LibtorchCpu_LIBRARY LibtorchCpu_C10_LIBRARY LibtorchCpu_INCLUDE_DIR VERSION_VAR LibtorchCpu_VERSION
  REASON_FAILURE_MESSAGE
    "looked in '${_candidates}'. Run launch/setup.sh, or give -DPAGEWRIGHT_TORCH_DIR=<folder of the torch package>")

if(LibtorchCpu_FOUND AND NOT TARGET libtorch::cpu)
  get_filename_component(_lib ${LibtorchCpu_LIBRARY} DIRECTORY)
  # Where a wheel keeps the CUDA runtime that libtorch_cpu.so names (13: one folder; 12: one folder a library).
  file(GLOB _cuda_libs ${_lib}/../../nvidia/cu13/lib ${_lib}/../../nvidia/cuda_runtime/lib
       ${_lib}/../../nvidia/cuda_cupti/lib)
  add_library(libtorch::cpu INTERFACE IMPORTED)
  set_target_properties(libtorch::cpu PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES
      "${LibtorchCpu_INCLUDE_DIR};${LibtorchCpu_INCLUDE_DIR}/torch/csrc/api/include"
    INTERFACE_LINK_LIBRARIES "${LibtorchCpu_LIBRARY};${LibtorchCpu_C10_LIBRARY}")
  # GNU ld resolves a library's own needs at link time; ours need not. DT_RPATH, unlike DT_RUNPATH, also serves the
  # libraries that libtorch_cpu.so loads.
  target_link_options(libtorch::cpu INTERFACE -Wl,--allow-shlib-undefined -Wl,--disable-new-dtags)
  foreach(_dir ${_lib} ${_cuda_libs})
    get_filename_component(_dir ${_dir} REALPATH)
    target_link_options(libtorch::cpu INTERFACE -Wl,-rpath,${_dir})
  endforeach()
endif()
