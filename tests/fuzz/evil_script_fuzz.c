/* Whatever stands in the attacker's script: no crash, and rules that name an action. */
#include "teep/evil/script.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script;
	struct rule rule;
	char err[256];

	if (script_parse((const char *)data, size, &script, err, sizeof(err)) < 0)
		return 0;
	for (size_t i = 0; i < script.count; i++)
		if (strcmp(script.statements[i].words[0], "on") == 0 &&
		    (script_rule_parse(&script.statements[i], &rule, err, sizeof(err)) < 0 ||
		     !rule.action[0]))
			abort();
	script_clear(&script);
	return 0;
}
