# Build options, compiler flags and tools. Flags travel with the interface target pagewright::options.
option(PAGEWRIGHT_BUILD_TESTS "Build the test executables" ON)
option(PAGEWRIGHT_WARNINGS_AS_ERRORS "Fail on any compiler warning" OFF)
option(PAGEWRIGHT_UNITY "Compile the sources of a folder together, eight at a time" ON)
option(PAGEWRIGHT_PCH "Precompile the headers that most files share (cmake/pagewright_pch.hpp)" ON)
option(PAGEWRIGHT_USE_CCACHE "Reuse earlier compilations when ccache is installed" ON)
option(PAGEWRIGHT_USE_MOLD "Link with mold when it is installed" ON)
option(PAGEWRIGHT_FUZZ "Build the harnesses of tests/fuzz to fuzz, which needs clang" OFF)
set(PAGEWRIGHT_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them (address,undefined or thread)")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Release is -O3 without -march=native: the bits of a run must not depend on the machine that compiled it.
# It keeps assertions: a wrong page costs more than a branch.
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")

find_program(PAGEWRIGHT_CCACHE ccache)
if(PAGEWRIGHT_CCACHE AND PAGEWRIGHT_USE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this sloppiness ccache declines every file that uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${PAGEWRIGHT_CCACHE})
endif()
find_program(PAGEWRIGHT_MOLD mold)

add_library(pagewright_options INTERFACE)
add_library(pagewright::options ALIAS pagewright_options)
target_compile_options(pagewright_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
  # These depend on what the optimizer inlined and accuse the standard library itself (GCC bug 105651 and its kin);
  # the preset asan finds the real ones.
  -Wno-array-bounds -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
  # Files compiled together are included by another one, so that their local types look as if a header had them.
  $<$<BOOL:${PAGEWRIGHT_UNITY}>:-Wno-subobject-linkage>
  $<$<BOOL:${PAGEWRIGHT_WARNINGS_AS_ERRORS}>:-Werror>
  $<$<BOOL:${PAGEWRIGHT_PCH}>:-fpch-preprocess>)
target_compile_definitions(pagewright_options INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
if(PAGEWRIGHT_SANITIZE)
  # Sanitized code is tried, not stepped through: -O1 keeps the suite within minutes.
  target_compile_options(pagewright_options INTERFACE
    -fsanitize=${PAGEWRIGHT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -O1)
  target_link_options(pagewright_options INTERFACE -fsanitize=${PAGEWRIGHT_SANITIZE})
endif()
if(PAGEWRIGHT_MOLD AND PAGEWRIGHT_USE_MOLD)
  target_link_options(pagewright_options INTERFACE -fuse-ld=mold)
endif()
