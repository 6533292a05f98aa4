# Defines text::pcre2 (regular expressions, 8-bit units) and text::utf8proc (Unicode normal forms), which tokenizers use.
include(FindPackageHandleStandardArgs)
find_path(Pcre2_INCLUDE_DIR pcre2.h)
find_library(Pcre2_LIBRARY pcre2-8)
find_path(Utf8proc_INCLUDE_DIR utf8proc.h)
find_library(Utf8proc_LIBRARY utf8proc)
find_package_handle_standard_args(TextLibraries
  REQUIRED_VARS Pcre2_LIBRARY Pcre2_INCLUDE_DIR Utf8proc_LIBRARY Utf8proc_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install libpcre2-dev and libutf8proc-dev (launch/setup.sh does)")
if(TextLibraries_FOUND AND NOT TARGET text::pcre2)
  foreach(name Pcre2 Utf8proc)
    string(TOLOWER ${name} target)
    add_library(text::${target} UNKNOWN IMPORTED)
    set_target_properties(text::${target} PROPERTIES
      IMPORTED_LOCATION ${${name}_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${${name}_INCLUDE_DIR})
  endforeach()
endif()
