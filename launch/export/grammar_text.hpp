#pragma once
// The form of pages as a grammar that other programs read.

#include <string>

#include "core/page/page_language.hpp"

namespace pagewright {

/// GBNF, as llama.cpp and several serving engines take it: which tokens a page is made of and in which order.
/// It holds for every request; what depends on the request (no item twice, pointers of existing candidates
/// alone, caps, ads, price bands, pinned items) no context-free grammar can say, and is in the comments.
std::string page_grammar_text(const PageLanguage& language);

}  // namespace pagewright
