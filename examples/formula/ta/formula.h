/*
 * Arithmetic on whole numbers with variables. Knows nothing of TEEs.
 */
#ifndef FORMULA_H
#define FORMULA_H

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace formula
{

using variables = std::map<std::string, std::int64_t, std::less<>>;

/* What is wrong with a formula; what() says where. */
struct error : std::runtime_error {
	using std::runtime_error::runtime_error;
};

/* The value of `text`; assignments change `vars`, but not those of a formula that is wrong. */
std::int64_t evaluate(std::string_view text, variables &vars);

} // namespace formula

#endif
