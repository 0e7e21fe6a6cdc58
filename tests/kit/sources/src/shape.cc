// C++ with a constructor, a virtual call, an exception and the standard library.
#include <stdexcept>
#include <string>
#include <tee_internal_api.h>

namespace {

struct Shape {
	virtual ~Shape() = default;
	virtual unsigned int corners() const = 0;
};

struct Square : Shape {
	std::string name{ "square" };
	unsigned int corners() const override
	{
		if (name.size() != 6)
			throw std::logic_error(name);
		return 4;
	}
};

const Square square;

} // namespace

extern "C" unsigned int corners(void)
{
	try {
		throw std::runtime_error("not yet");
	} catch (const std::exception &) {
		const Shape &shape = square;

		return shape.corners();
	}
}
