# What was chosen and why, at the end of every configure.
message(STATUS "Pagewright ${PROJECT_VERSION}")
message(STATUS "  build type   ${CMAKE_BUILD_TYPE}")
message(STATUS "  libtorch     ${LibtorchCpu_VERSION} at ${LibtorchCpu_LIBRARY}")
