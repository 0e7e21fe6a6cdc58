/*
 * Of all TAs of these tests. UUID and flags come from CMakeLists.txt.
 */
#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

#define TA_STACK_SIZE  (2 * 1024)
#define TA_DATA_SIZE   (32 * 1024)
#define TA_VERSION     "1.2"
#define TA_DESCRIPTION "A TA of the tests"

#ifdef GP_PROPERTIES
#define TA_CURRENT_TA_EXT_PROPERTIES                                                            \
	{ "org.example.bool", USER_TA_PROP_TYPE_BOOL, &(const bool) { true } },                 \
		{ "org.example.u32", USER_TA_PROP_TYPE_U32, &(const uint32_t) { 42 } },         \
		{ "org.example.u64", USER_TA_PROP_TYPE_U64, &(const uint64_t) { 1ULL << 40 } }, \
		{ "org.example.uuid", USER_TA_PROP_TYPE_UUID,                                   \
		  &(const TEE_UUID) { 1, 2, 3, { 4 } } },                                       \
		{ "org.example.identity", USER_TA_PROP_TYPE_IDENTITY,                           \
		  &(const TEE_Identity) { 1, { 2, 3, 4, { 5 } } } },                            \
		{ "org.example.text", USER_TA_PROP_TYPE_STRING, "some text" },                  \
		{ "org.example.block", USER_TA_PROP_TYPE_BINARY_BLOCK, "SGVsbG8gd29ybGQh" },
#endif

#endif
