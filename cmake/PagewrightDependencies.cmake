# Everything third-party, gathered in pagewright::third_party. All of it counts as system headers: no warnings.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(SerialHDF5 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(LibLZMA REQUIRED)
find_package(LibtorchCpu 2.9 REQUIRED)
if(PAGEWRIGHT_BUILD_TESTS)
  find_package(Catch2 REQUIRED)
endif()

add_library(pagewright_third_party INTERFACE)
add_library(pagewright::third_party ALIAS pagewright_third_party)
target_compile_definitions(pagewright_third_party INTERFACE SPDLOG_FMT_EXTERNAL)
# fmt comes first: torch's include folder carries fmt headers of its own.
target_link_libraries(pagewright_third_party INTERFACE
  fmt::fmt-header-only yaml-cpp nlohmann_json::nlohmann_json CLI11::CLI11 OpenSSL::Crypto LibLZMA::LibLZMA
  hdf5::serial libtorch::cpu Threads::Threads)
get_target_property(_spdlog_includes spdlog::spdlog_header_only INTERFACE_INCLUDE_DIRECTORIES)
if(_spdlog_includes)
  target_include_directories(pagewright_third_party SYSTEM INTERFACE ${_spdlog_includes})
endif()

# Looked for so that the summary can say what a later version would use.
find_program(PAGEWRIGHT_MPIRUN mpirun)
find_program(PAGEWRIGHT_NVCC nvcc HINTS $ENV{CUDA_HOME}/bin /usr/local/cuda/bin)
find_library(PAGEWRIGHT_NCCL NAMES nccl libnccl.so.2 HINTS $ENV{CUDA_HOME}/lib64 /usr/local/cuda/lib64)
