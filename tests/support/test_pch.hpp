#pragma once
// Precompiled for every test executable: Catch2 is most of what a test file compiles.
#include "cmake/pagewright_pch.hpp"

#include "tests/support/catch.hpp"
