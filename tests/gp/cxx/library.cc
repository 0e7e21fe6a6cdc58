// A shared library for TAs in C++.
#include <stdexcept>
#include <string>
#include <cstdint>

extern "C" uint32_t through_library(uint32_t (*function)(uint32_t), uint32_t n)
{
	return function(n) + 1000;
}

uint32_t throw_from_library(uint32_t n)
{
	throw std::out_of_range(std::string(n, 'x'));
}
