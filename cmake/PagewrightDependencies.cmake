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
find_package(ZLIB REQUIRED)
find_package(Zstd REQUIRED)
find_package(TextLibraries REQUIRED)
find_package(LibtorchCpu 2.9 REQUIRED)
include(PagewrightCuda)
find_package(MPI REQUIRED COMPONENTS C)
if(PAGEWRIGHT_BUILD_TESTS)
  find_package(Catch2 REQUIRED)
endif()

add_library(pagewright_third_party INTERFACE)
add_library(pagewright::third_party ALIAS pagewright_third_party)
target_compile_definitions(pagewright_third_party INTERFACE SPDLOG_FMT_EXTERNAL OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
# torch's include folder carries another version of fmt, which the fmt of the system (a default folder of the compiler,
# hence searched last) could not win against: a folder that shows nothing but the latter goes first.
get_target_property(_fmt_includes fmt::fmt-header-only INTERFACE_INCLUDE_DIRECTORIES)
find_path(PAGEWRIGHT_FMT_INCLUDE_DIR fmt/format.h HINTS ${_fmt_includes} REQUIRED)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include)
file(CREATE_LINK ${PAGEWRIGHT_FMT_INCLUDE_DIR}/fmt ${CMAKE_BINARY_DIR}/include/fmt SYMBOLIC)
target_include_directories(pagewright_third_party SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/include)
target_link_libraries(pagewright_third_party INTERFACE
  fmt::fmt-header-only yaml-cpp nlohmann_json::nlohmann_json CLI11::CLI11 OpenSSL::Crypto
  LibLZMA::LibLZMA ZLIB::ZLIB zstd::zstd
  text::pcre2 text::utf8proc
  hdf5::serial libtorch::cpu MPI::MPI_C Threads::Threads)
get_target_property(_spdlog_includes spdlog::spdlog_header_only INTERFACE_INCLUDE_DIRECTORIES)
if(_spdlog_includes)
  target_include_directories(pagewright_third_party SYSTEM INTERFACE ${_spdlog_includes})
endif()
if(PAGEWRIGHT_WITH_CUDA)
  target_compile_definitions(pagewright_third_party INTERFACE PAGEWRIGHT_CUDA=1)
  target_link_libraries(pagewright_third_party INTERFACE libtorch::cuda cuda::runtime nccl::nccl)
endif()
