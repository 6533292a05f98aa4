# Defines nccl::nccl. The NCCL that came with the torch package goes first: libtorch_cuda.so loads that one, and a
# process must not have two. Otherwise Nccl_ROOT (variable or environment), the CUDA toolkit, and the system. The library
# may be there as libnccl.so.2 alone. Needs LibtorchCpu and CudaRuntime to have been looked for.
#   Nccl_LIBRARY, Nccl_VERSION
get_filename_component(_wheels "${LibtorchCpu_INCLUDE_DIR}/../../nvidia" ABSOLUTE)
set(_places ${_wheels}/nccl)
if(CudaRuntime_FOUND)
  list(APPEND _places ${CudaRuntime_INCLUDE_DIR}/.. ${CudaRuntime_LIBRARY_DIR}/..)
endif()
find_path(Nccl_INCLUDE_DIR nccl.h HINTS ${_places} PATH_SUFFIXES include NO_CACHE)
find_library(Nccl_LIBRARY NAMES nccl libnccl.so.2 NAMES_PER_DIR
  HINTS ${_places} PATH_SUFFIXES lib64 lib NO_CACHE)

if(Nccl_INCLUDE_DIR)
  file(STRINGS ${Nccl_INCLUDE_DIR}/nccl.h _version REGEX "^#define NCCL_(MAJOR|MINOR|PATCH) +[0-9]+")
  string(REGEX MATCHALL "[0-9]+" _version "${_version}")
  list(JOIN _version "." Nccl_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Nccl REQUIRED_VARS Nccl_LIBRARY Nccl_INCLUDE_DIR VERSION_VAR Nccl_VERSION)
if(Nccl_FOUND AND NOT TARGET nccl::nccl)
  add_library(nccl::nccl SHARED IMPORTED)
  set_target_properties(nccl::nccl PROPERTIES
    IMPORTED_LOCATION ${Nccl_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${Nccl_INCLUDE_DIR})
endif()
