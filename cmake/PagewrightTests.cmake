# pagewright_test_support(): what every test executable links, and the precompiled header they share.
function(pagewright_test_support)
  add_library(pagewright_test_support STATIC support/test_main.cpp)
  target_include_directories(pagewright_test_support PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_definitions(pagewright_test_support PUBLIC
    PAGEWRIGHT_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data" PAGEWRIGHT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    CATCH_CONFIG_ENABLE_ALL_STRINGMAKERS)
  # What is tested runs at -O3; the tests themselves compile a third faster so.
  target_compile_options(pagewright_test_support PUBLIC $<$<CONFIG:Release>:-O1>)
  target_link_libraries(pagewright_test_support PUBLIC Catch2::Catch2 PRIVATE pagewright::options)
  pagewright_precompiled_header(pagewright_test_pch support/test_pch.hpp
    LINKS pagewright::third_party pagewright_test_support)
endfunction()

# pagewright_test_suite(<folder> [LINKS <target>]): builds tests/<folder>/**/*_test.cpp (and *_support.cpp) into
# <folder>_tests, with the library of that folder or the one that is named, and adds one ctest entry a file. Catch2's -#
# makes the stem of a file's name a tag of its tests, in version 2 as in 3.
# Tests tagged [.long] and [gpu] get entries with that label; tests hidden by another tag get none.
function(pagewright_test_suite folder)
  cmake_parse_arguments(ARG "" "LINKS" "" ${ARGN})
  if(NOT ARG_LINKS)
    set(ARG_LINKS pagewright::${folder})
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  file(GLOB_RECURSE helpers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_support.cpp)
  add_executable(${folder}_tests ${sources} ${helpers})
  target_link_libraries(${folder}_tests PRIVATE ${ARG_LINKS} pagewright_test_support pagewright::options)
  pagewright_compile_together(${folder}_tests pagewright_test_pch)
  foreach(source ${sources})
    pagewright_test_entries(${folder} ${source})
  endforeach()
endfunction()

# pagewright_mpi_suite(<folder> HELPERS <files...> RANKS <numbers...> [LABEL <label>]): builds tests/<folder>/*.cpp with
# the main of MPI tests into <folder>_tests and adds one ctest entry for each number of ranks.
function(pagewright_mpi_suite folder)
  cmake_parse_arguments(ARG "" "LABEL" "HELPERS;RANKS" ${ARGN})
  set(main ${CMAKE_CURRENT_SOURCE_DIR}/mpi/mpi_main.cpp)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
  list(APPEND sources ${main})
  list(REMOVE_DUPLICATES sources)
  add_executable(${folder}_tests ${sources} ${ARG_HELPERS})
  target_link_libraries(${folder}_tests PRIVATE pagewright::distributed pagewright_test_support pagewright::options)
  pagewright_compile_together(${folder}_tests pagewright_test_pch)
  set_source_files_properties(${main} PROPERTIES
    SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON)
  foreach(ranks ${ARG_RANKS})
    add_test(NAME ${folder}.ranks_${ranks}
             COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} --oversubscribe
                     $<TARGET_FILE:${folder}_tests>)
    # Ranks share cores and the machine: they yield while they wait, and do not look for a network. Open MPI leaks a
    # little in every process, which is not for the address sanitizer to report.
    set_tests_properties(${folder}.ranks_${ranks} PROPERTIES
      TIMEOUT 120 PROCESSORS ${ranks} SKIP_RETURN_CODE 77 LABELS "${ARG_LABEL}" ENVIRONMENT
      "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMPI_MCA_mpi_yield_when_idle=1;OMPI_MCA_btl=^tcp;OMP_NUM_THREADS=1;ASAN_OPTIONS=detect_leaks=0")
  endforeach()
endfunction()

function(pagewright_test_entries folder source)
  cmake_path(GET source STEM name)
  set(entry ${folder}.${name})
  if(TEST ${entry})
    message(FATAL_ERROR "Two test files of tests/${folder} are called ${name}.cpp: their ctest entries would be one. "
                        "Rename ${source}.")
  endif()
  # The tags are read from the source, so that a file without such tests has no empty entry.
  file(READ ${source} text)
  string(REGEX MATCHALL "TEST_CASE(_METHOD|_SIG)?\\(" cases "${text}")
  string(REGEX MATCHALL "\"[][a-z_#.-]*\\[(\\.[a-z_]*|gpu)\\]" apart "${text}")
  string(REGEX MATCH "\"[][a-z_#.-]*\\[\\.long\\]" long "${text}")
  string(REGEX MATCH "\"[][a-z_#.-]*\\[gpu\\]" gpu "${text}")
  list(LENGTH cases number_of_cases)
  list(LENGTH apart number_apart)
  if(number_of_cases GREATER number_apart OR NOT cases)
    pagewright_test_entry(${entry} ${folder}_tests "[#${name}]~[.]~[gpu]" "")
  endif()
  if(long)
    pagewright_test_entry(${entry}.long ${folder}_tests "[#${name}][long]" long)
  endif()
  if(gpu)
    pagewright_test_entry(${entry}.gpu ${folder}_tests "[#${name}][gpu]~[long]" gpu)
  endif()
endfunction()

function(pagewright_test_entry entry executable filter label)
  # Version 3 fails by itself when a filter matches no test.
  if(Catch2_VERSION VERSION_LESS 3)
    set(strict -w NoTests)
  endif()
  add_test(NAME ${entry} COMMAND ${executable} -\# ${strict} "${filter}")
  set_tests_properties(${entry} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
  if(label)
    set_tests_properties(${entry} PROPERTIES LABELS ${label})
  endif()
  if(label STREQUAL "long")
    set_tests_properties(${entry} PROPERTIES TIMEOUT 7200)
  endif()
  pagewright_sanitizer_environment(${entry})
endfunction()

# libtorch and its OpenMP runtime are not compiled with sanitizers: what those report inside them is noise.
function(pagewright_sanitizer_environment entry)
  if(PAGEWRIGHT_SANITIZE)
    set_tests_properties(${entry} PROPERTIES ENVIRONMENT
      "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/tsan.supp;LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/lsan.supp")
  endif()
endfunction()

# pagewright_test_programs(): every folder of tests/programs is one executable, for scripts that take --programs.
function(pagewright_test_programs)
  file(GLOB folders CONFIGURE_DEPENDS LIST_DIRECTORIES true ${CMAKE_CURRENT_SOURCE_DIR}/programs/*)
  foreach(folder ${folders})
    cmake_path(GET folder FILENAME name)
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    add_executable(${name} ${sources})
    target_link_libraries(${name} PRIVATE pagewright::launch pagewright::options)
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
    set_target_properties(${name} PROPERTIES
      UNITY_BUILD ${PAGEWRIGHT_UNITY} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/programs)
  endforeach()
endfunction()

# pagewright_python_environment(): two virtual environments, made by entries of their own: one for the suite, and one
# with torch and transformers, which the build's torch serves where it can be imported.
function(pagewright_python_environment)
  set(PAGEWRIGHT_PYTEST_VENV ${CMAKE_BINARY_DIR}/pytest-venv CACHE INTERNAL "Virtual environment of the Python tests")
  set(PAGEWRIGHT_TORCH_VENV ${CMAKE_BINARY_DIR}/torch-venv CACHE INTERNAL "Virtual environment of those that use torch")
  cmake_path(GET LibtorchCpu_INCLUDE_DIR PARENT_PATH torch)
  pagewright_python_environment_entry(python_environment environment ${PAGEWRIGHT_PYTEST_VENV})
  pagewright_python_environment_entry(python_torch_environment torch_environment ${PAGEWRIGHT_TORCH_VENV} ${torch})
endfunction()

function(pagewright_python_environment_entry fixture name venv)
  add_test(NAME python.${name}
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/python_environment.sh ${venv} ${ARGN})
  set_tests_properties(python.${name} PROPERTIES
    LABELS python FIXTURES_SETUP ${fixture} SKIP_RETURN_CODE 77 TIMEOUT 600)
endfunction()

# pagewright_python_test(<name> <script>): runs `script --pagewright <binary> --work <empty folder>` in the suite's
# environment, or in the one with torch if the script imports it. A script that takes --programs is given the folder of
# the test programs, and one that takes --long has a second entry, with that argument and label.
function(pagewright_python_test name script)
  if(NOT TARGET pagewright)
    return()
  endif()
  file(READ ${script} text)
  set(fixture python_environment)
  set(venv ${PAGEWRIGHT_PYTEST_VENV})
  if(text MATCHES "\nimport torch")
    set(fixture python_torch_environment)
    set(venv ${PAGEWRIGHT_TORCH_VENV})
  endif()
  set(command ${CMAKE_CURRENT_SOURCE_DIR}/support/python_test.sh ${venv} ${script} $<TARGET_FILE:pagewright>)
  if(text MATCHES "add_argument\\(\"--programs\"")
    list(APPEND command --programs ${CMAKE_CURRENT_BINARY_DIR}/programs)
  endif()
  pagewright_python_entry(python.${name} ${fixture} python 300 ${command})
  if(text MATCHES "add_argument\\(\"--long\"")
    pagewright_python_entry(python.${name}.long ${fixture} long 7200 ${command} --long)
  endif()
endfunction()

function(pagewright_python_entry entry fixture label timeout)
  add_test(NAME ${entry} COMMAND ${ARGN})
  set_tests_properties(${entry} PROPERTIES
    LABELS ${label} FIXTURES_REQUIRED ${fixture} SKIP_RETURN_CODE 77 TIMEOUT ${timeout})
  pagewright_sanitizer_environment(${entry})
endfunction()
