// A TA in C++: exceptions through C frames, static objects, thread-local objects, the standard
// library, all in the sandbox.
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

#include <tee_internal_api.h>

#include "cxx/commands.h"

// Of the library, in which an exception may pass.
extern "C" uint32_t through_library(uint32_t (*function)(uint32_t), uint32_t n);
uint32_t throw_from_library(uint32_t n);

namespace {

std::string history;

struct Noted {
	char letter;
	explicit Noted(char l) : letter(l)
	{
		history += letter;
	}
	~Noted()
	{
		history += static_cast<char>(letter - 'A' + 'a');
		IMSG("left after %s", history.c_str());
	}
};

Noted first{ 'A' };
Noted second{ 'B' };

thread_local std::vector<uint32_t> calls;

struct Bad : std::runtime_error {
	uint32_t code;
	explicit Bad(uint32_t c) : std::runtime_error("bad"), code(c)
	{
	}
};

struct Guard {
	uint32_t &count;
	~Guard()
	{
		count++;
	}
};

uint32_t descend(uint32_t n, uint32_t &unwound)
{
	Guard guard{ unwound };

	if (!n)
		throw Bad(17);
	return descend(n - 1, unwound) + 1;
}

uint32_t thrower(uint32_t n)
{
	throw Bad(n);
}

TEE_Result run(uint32_t command, TEE_Param params[TEE_NUM_PARAMS])
{
	auto &value = params[0].value.a;
	std::map<std::string, std::function<uint32_t(uint32_t)>> table;
	uint32_t unwound = 0;

	switch (command) {
	case CMD_UNWIND:
		try {
			descend(value, unwound);
		} catch (const Bad &bad) {
			value = bad.code * 100 + unwound;
		}
		return TEE_SUCCESS;
	case CMD_THROUGH_C:
		try {
			value = through_library(thrower, value);
		} catch (const Bad &bad) {
			value = bad.code + 1;
		}
		return TEE_SUCCESS;
	case CMD_FROM_LIBRARY:
		try {
			value = throw_from_library(value);
		} catch (const std::out_of_range &error) {
			value = static_cast<uint32_t>(std::string(error.what()).size());
		}
		return TEE_SUCCESS;
	case CMD_LOCAL_STATIC: {
		static const std::unique_ptr<Noted> once{ new Noted('Z') };

		value = static_cast<uint32_t>(once->letter);
		return TEE_SUCCESS;
	}
	case CMD_STANDARD:
		table["twice"] = [](uint32_t n) { return 2 * n; };
		calls.push_back(value);
		value = table.at("twice")(value) + static_cast<uint32_t>(calls.size());
		return TEE_SUCCESS;
	case CMD_CAST: {
		const std::exception &error = Bad(1);

		value = dynamic_cast<const Bad *>(&error) != nullptr &&
			typeid(error) == typeid(Bad);
		return TEE_SUCCESS;
	}
	case CMD_NO_MEMORY:
		try {
			std::vector<char> all(static_cast<size_t>(value) * 1024);

			value = static_cast<uint32_t>(all.size());
		} catch (const std::bad_alloc &) {
			value = 7;
		}
		return TEE_SUCCESS;
	case CMD_UNCAUGHT:
		return thrower(1);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}

} // namespace

TEE_Result TA_CreateEntryPoint(void)
{
	return history == "AB" ? TEE_SUCCESS : TEE_ERROR_BAD_STATE;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t, TEE_Param[TEE_NUM_PARAMS], void **)
{
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *)
{
}

TEE_Result TA_InvokeCommandEntryPoint(void *, uint32_t command, uint32_t,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	return run(command, params);
}
