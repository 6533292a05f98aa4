# Defines cuda::runtime, what C++ needs of a CUDA toolkit: cuda_runtime_api.h and libcudart.so. Looked for in
# CudaRuntime_ROOT and CUDA_HOME (variables or environment), beside nvcc, in /usr/local/cuda, and where a distribution
# puts them. Found afresh at every configure, so that a toolkit that has come or gone is noticed.
#   CudaRuntime_NVCC, CudaRuntime_VERSION, CudaRuntime_LIBRARY_DIR
find_program(CudaRuntime_NVCC nvcc
  HINTS ${CUDA_HOME} $ENV{CUDA_HOME} PATHS /usr/local/cuda PATH_SUFFIXES bin NO_CACHE)
set(_roots "")
if(CudaRuntime_NVCC)
  get_filename_component(_roots ${CudaRuntime_NVCC} REALPATH)
  get_filename_component(_roots ${_roots}/../.. ABSOLUTE)
endif()
find_path(CudaRuntime_INCLUDE_DIR cuda_runtime_api.h
  HINTS ${_roots} PATHS /usr/local/cuda PATH_SUFFIXES include targets/x86_64-linux/include NO_CACHE)
find_library(CudaRuntime_LIBRARY cudart
  HINTS ${_roots} PATHS /usr/local/cuda PATH_SUFFIXES lib64 lib targets/x86_64-linux/lib NO_CACHE)

if(CudaRuntime_INCLUDE_DIR)
  file(STRINGS ${CudaRuntime_INCLUDE_DIR}/cuda_runtime_api.h _version REGEX "^#define CUDART_VERSION +[0-9]+")
  string(REGEX MATCH "[0-9]+" _version "${_version}")
  math(EXPR _major "${_version} / 1000")
  math(EXPR _minor "${_version} % 1000 / 10")
  set(CudaRuntime_VERSION ${_major}.${_minor})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CudaRuntime
  REQUIRED_VARS CudaRuntime_NVCC CudaRuntime_LIBRARY CudaRuntime_INCLUDE_DIR VERSION_VAR CudaRuntime_VERSION)
if(CudaRuntime_FOUND)
  get_filename_component(CudaRuntime_LIBRARY_DIR ${CudaRuntime_LIBRARY} DIRECTORY)
  if(NOT TARGET cuda::runtime)
    add_library(cuda::runtime SHARED IMPORTED)
    set_target_properties(cuda::runtime PROPERTIES
      IMPORTED_LOCATION ${CudaRuntime_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${CudaRuntime_INCLUDE_DIR})
  endif()
endif()
