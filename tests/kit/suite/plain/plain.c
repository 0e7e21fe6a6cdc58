/* Includes every header of the kit that TAs are known to include. */
#include <assert.h>
#include <atomic.h>
#include <base64.h>
#include <bitstring.h>
#include <compiler.h>
#include <config.h>
#include <confine_array_index.h>
#include <ctype.h>
#include <dlfcn.h>
#include <elf32.h>
#include <elf64.h>
#include <elf_common.h>
#include <inttypes.h>
#include <limits.h>
#include <link.h>
#include <malloc.h>
#include <memtag.h>
#include <printk.h>
#include <pta_apdu.h>
#include <pta_attestation.h>
#include <pta_device.h>
#include <pta_gprof.h>
#include <pta_invoke_tests.h>
#include <pta_rng.h>
#include <pta_rtc.h>
#include <pta_scp03.h>
#include <pta_secstor_ta_mgmt.h>
#include <pta_socket.h>
#include <pta_stats.h>
#include <pta_system.h>
#include <qsort_helpers.h>
#include <remoteproc_pta.h>
#include <rng_pta_client.h>
#include <setjmp.h>
#include <signed_hdr.h>
#include <speculation_barrier.h>
#include <stdlib_ext.h>
#include <string_ext.h>
#include <sys/queue.h>
#include <tee_internal_api.h>
#include <tee_internal_api_extensions.h>
#include <tee_isocket.h>
#include <tee_tcpsocket.h>
#include <tee_udpsocket.h>
#include <trace.h>
#include <types_ext.h>
#include <user_ta_header.h>
#include <utee_defines.h>
#include <utee_types.h>
#include <util.h>

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t param_types, TEE_Param params[4], void **sess_ctx)
{
	static const TEE_UUID uuid[] = { PTA_SCP03_UUID, PTA_RTC_UUID, PTA_RPROC_UUID };
	TEE_TASessionHandle session = TEE_HANDLE_NULL;

	/* Pseudo TAs that only boards have. */
	for (size_t i = 0; i < ARRAY_SIZE(uuid); i++)
		if (TEE_OpenTASession(&uuid[i], TEE_TIMEOUT_INFINITE, 0, NULL, &session, NULL) !=
		    TEE_ERROR_ITEM_NOT_FOUND)
			return TEE_ERROR_BAD_STATE;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *sess_ctx)
{
}

/* Each line takes something of one header. */
static uint32_t use_helpers(uint32_t n)
{
	uint32_t numbers[] = { 3, 1, n };
	char text[16], encoded[16], decoded[8];
	size_t size = sizeof(encoded);
	bitstr_t bit_decl(bits, 20);
	unsigned int counter = n;

	qsort_u32(numbers, ARRAY_SIZE(numbers));
	if (numbers[0] != 1 || numbers[2] != MAX(n, 3U))
		return 1;
	bit_nclear(bits, 0, 19);
	bit_set(bits, 7);
	if (!bit_test(bits, 7) || bit_test(bits, 8))
		return 2;
	if (snprintk(text, sizeof(text), "%" PRIu32, n) <= 0 || strlcat(text, "!", 16) < 2)
		return 3;
	if (!base64_encode("abc", 3, encoded, &size) || strcmp(encoded, "YWJj"))
		return 4;
	size = sizeof(decoded);
	if (!base64_decode(encoded, 4, decoded, &size) || size != 3 || memcmp(decoded, "abc", 3))
		return 5;
	if (atomic_inc32(&counter) != n + 1 || consttime_memcmp("a", "a", 1))
		return 6;
	if (ROUNDUP(5, 4) != 8 || confine_array_index(9, 4) >= 4 || !IS_POWER_OF_TWO(64))
		return 7;
	memzero_explicit(text, sizeof(text));
	free_wipe(malloc(16));
	DHEXDUMP(text, sizeof(text));
	return 100;
}

TEE_Result TA_InvokeCommandEntryPoint(void *sess_ctx, uint32_t cmd_id, uint32_t param_types,
				      TEE_Param params[4])
{
	params[0].value.a = use_helpers(params[0].value.a);
	return TEE_SUCCESS;
}
