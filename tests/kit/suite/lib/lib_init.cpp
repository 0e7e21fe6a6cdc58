#include <cstdint>

namespace
{
struct Ready {
	uint32_t value;
	Ready() : value(11)
	{
	}
};

Ready ready;
} // namespace

extern "C" uint32_t lib_ready(void)
{
	return ready.value;
}
