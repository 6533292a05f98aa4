# Defines hdf5::serial, the serial C library. Where the Open MPI build of HDF5 is installed beside it (its h5cc and
# pkg-config files may come first), that one is passed over: it needs mpi.h and an MPI that is running.
set(HDF5_PREFER_PARALLEL OFF)
set(HDF5_NO_FIND_PACKAGE_CONFIG_FILE ON)
find_package(HDF5 QUIET COMPONENTS C)

include(FindPackageHandleStandardArgs)
if(HDF5_FOUND AND HDF5_IS_PARALLEL)
  set(_reason "only the MPI build of HDF5 was found (${HDF5_C_INCLUDE_DIRS}). Install libhdf5-dev or set HDF5_ROOT")
  set(SerialHDF5_LIBRARIES "")
else()
  set(_reason "install libhdf5-dev (launch/setup.sh does) or set HDF5_ROOT")
  # A shared library brings what it needs; the rest of the compiler wrapper's list is for the static one.
  set(SerialHDF5_LIBRARIES ${HDF5_C_LIBRARIES})
  list(FILTER SerialHDF5_LIBRARIES INCLUDE REGEX "hdf5[^/]*\\.so")
  if(NOT SerialHDF5_LIBRARIES)
    set(SerialHDF5_LIBRARIES ${HDF5_C_LIBRARIES})
  endif()
endif()
find_package_handle_standard_args(SerialHDF5
  REQUIRED_VARS SerialHDF5_LIBRARIES VERSION_VAR HDF5_VERSION REASON_FAILURE_MESSAGE "${_reason}")
if(SerialHDF5_FOUND AND NOT TARGET hdf5::serial)
  set(SerialHDF5_VERSION ${HDF5_VERSION})
  add_library(hdf5::serial INTERFACE IMPORTED)
  set_target_properties(hdf5::serial PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${HDF5_C_INCLUDE_DIRS}" INTERFACE_LINK_LIBRARIES "${SerialHDF5_LIBRARIES}")
endif()
