# Everything third-party, gathered in pagewright::third_party.
set(THREADS_PREFER_PTHREAD_FLAG ON)
set(HDF5_PREFER_PARALLEL OFF)
find_package(Threads REQUIRED)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(LibLZMA REQUIRED)
find_package(LibtorchCpu REQUIRED)

add_library(pagewright_third_party INTERFACE)
add_library(pagewright::third_party ALIAS pagewright_third_party)
target_compile_definitions(pagewright_third_party INTERFACE SPDLOG_FMT_EXTERNAL)
target_include_directories(pagewright_third_party SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
# fmt comes first: torch's include folder carries fmt headers of its own.
target_link_libraries(pagewright_third_party INTERFACE
  fmt::fmt-header-only yaml-cpp nlohmann_json::nlohmann_json CLI11::CLI11 OpenSSL::Crypto LibLZMA::LibLZMA
  ${HDF5_C_LIBRARIES} libtorch::cpu Threads::Threads)
get_target_property(_spdlog_includes spdlog::spdlog_header_only INTERFACE_INCLUDE_DIRECTORIES)
if(_spdlog_includes)
  target_include_directories(pagewright_third_party SYSTEM INTERFACE ${_spdlog_includes})
endif()
