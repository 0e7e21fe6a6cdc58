#include "formula.h"

#include <cctype>
#include <charconv>
#include <functional>

namespace formula
{
namespace
{

/* Parentheses in parentheses cost stack, of which a TA has little. */
constexpr unsigned depth_max = 32;

class parser {
public:
	parser(std::string_view all, const variables &vars) : text(all), known(vars)
	{
	}

	std::int64_t whole()
	{
		const std::int64_t value = sum();

		if (at < text.size())
			fail("unexpected");
		return value;
	}

private:
	std::string_view text;
	const variables &known;
	std::size_t at = 0;
	unsigned depth = 0;

	[[noreturn]] void fail(const char *what) const
	{
		std::string message = what;

		if (at < text.size())
			message += std::string(" '") + text[at] + "'";
		throw error(message + " at " + std::to_string(at + 1));
	}

	char peek()
	{
		while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])))
			at++;
		return at < text.size() ? text[at] : '\0';
	}

	bool take(char wanted)
	{
		if (peek() != wanted)
			return false;
		at++;
		return true;
	}

	std::int64_t sum()
	{
		std::int64_t value = product();

		for (;;) {
			if (take('+')) {
				if (__builtin_add_overflow(value, product(), &value))
					fail("overflow before");
			} else if (take('-')) {
				if (__builtin_sub_overflow(value, product(), &value))
					fail("overflow before");
			} else {
				return value;
			}
		}
	}

	std::int64_t product()
	{
		std::int64_t value = operand();

		for (;;) {
			if (take('*')) {
				if (__builtin_mul_overflow(value, operand(), &value))
					fail("overflow before");
			} else if (take('/')) {
				const std::int64_t by = operand();

				if (by == 0)
					fail("division by zero before");
				if (by == -1 && __builtin_sub_overflow(0, value, &value))
					fail("overflow before");
				else if (by != -1)
					value /= by;
			} else {
				return value;
			}
		}
	}

	std::int64_t operand()
	{
		std::int64_t value = 0;

		if (++depth > depth_max)
			fail("too deep");
		if (take('(')) {
			value = sum();
			if (!take(')'))
				fail("no ) before");
		} else if (take('-')) {
			if (__builtin_sub_overflow(0, operand(), &value))
				fail("overflow before");
		} else if (std::isdigit(static_cast<unsigned char>(peek()))) {
			value = number();
		} else {
			value = variable();
		}
		depth--;
		return value;
	}

	std::int64_t number()
	{
		std::int64_t value = 0;
		const auto [end, err] =
			std::from_chars(text.data() + at, text.data() + text.size(), value);

		if (err != std::errc())
			fail("too large a number");
		at = static_cast<std::size_t>(end - text.data());
		return value;
	}

	std::int64_t variable()
	{
		std::size_t end = at;

		while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end])))
			end++;
		if (end == at)
			fail("no number before");
		const auto found = known.find(text.substr(at, end - at));

		if (found == known.end())
			fail("an unknown name begins with");
		at = end;
		return found->second;
	}
};

std::string name_of(std::string_view text)
{
	std::string name;

	for (const char c : text) {
		if (std::isalpha(static_cast<unsigned char>(c)))
			name += c;
		else if (!std::isspace(static_cast<unsigned char>(c)))
			throw error("this can't be given a value");
	}
	if (name.empty())
		throw error("nothing is given that value");
	return name;
}

} // namespace

std::int64_t evaluate(std::string_view text, variables &vars)
{
	const std::size_t equals = text.find('=');

	if (equals == std::string_view::npos)
		return parser(text, vars).whole();
	const std::string name = name_of(text.substr(0, equals));

	return vars[name] = parser(text.substr(equals + 1), vars).whole();
}

} // namespace formula
