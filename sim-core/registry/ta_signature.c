#include "registry/ta_signature.h"

#include "registry/ta_refusal.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *ta_signature_name(enum ta_signature signature)
{
	static const char *const names[] = {
		[TA_UNSIGNED] = "unsigned",
		[TA_SIGNED_TRUSTED] = "trusted",
		[TA_SIGNED_UNKNOWN_SIGNER] = "unknown-signer",
		[TA_SIGNATURE_BAD] = "bad",
	};

	return names[signature];
}

static int add_file(struct ta_trust *trust, const char *path)
{
	char problem[sizeof(trust->problem)];
	struct public_key key, *keys;
	int rc = public_key_load(path, &key, problem, sizeof(problem));

	if (rc) {
		if (rc != -ENOENT && trust->problem[0] == '\0')
			memcpy(trust->problem, problem, sizeof(problem));
		return 0;
	}
	keys = reallocarray(trust->keys, trust->count + 1, sizeof(key));
	if (!keys)
		return -ENOMEM;
	keys[trust->count++] = key;
	trust->keys = keys;
	return 0;
}

static int add_directory(struct ta_trust *trust, const char *parent)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;
	int rc = 0;

	if (snprintf(path, sizeof(path), "%s/trusted", parent) >= (int)sizeof(path))
		return 0;
	dir = opendir(path);
	if (!dir)
		return 0;
	while (rc == 0 && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || dot == entry->d_name || strcmp(dot, ".pub") != 0 ||
		    snprintf(path, sizeof(path), "%s/trusted/%s", parent, entry->d_name) >=
			    (int)sizeof(path))
			continue;
		rc = add_file(trust, path);
	}
	closedir(dir);
	return rc;
}

int ta_trust_load(struct ta_trust *trust, const char *keys_dir, const char *device_dir)
{
	char path[PATH_MAX];
	int rc = 0;

	memset(trust, 0, sizeof(*trust));
	if (snprintf(path, sizeof(path), "%s/dev.pub", keys_dir) < (int)sizeof(path))
		rc = add_file(trust, path);
	if (rc == 0)
		rc = add_directory(trust, keys_dir);
	if (rc == 0 && device_dir)
		rc = add_directory(trust, device_dir);
	if (rc)
		ta_trust_clear(trust);
	return rc;
}

void ta_trust_clear(struct ta_trust *trust)
{
	free(trust->keys);
	memset(trust, 0, sizeof(*trust));
}

enum ta_signature ta_signature_check(const struct ta_package *package, const struct ta_trust *trust,
				     struct ta_signer *signer)
{
	memset(signer, 0, sizeof(*signer));
	if (!package->is_signed)
		return TA_UNSIGNED;
	memcpy(signer->key, package->signer, sizeof(signer->key));
	public_key_fingerprint(package->signer, signer->fingerprint);
	return ta_signer_check(signer, trust);
}

enum ta_signature ta_signer_check(struct ta_signer *signer, const struct ta_trust *trust)
{
	signer->name[0] = '\0';
	for (size_t i = 0; i < trust->count; i++)
		if (memcmp(trust->keys[i].bytes, signer->key, PUBLIC_KEY_SIZE) == 0) {
			memcpy(signer->name, trust->keys[i].name, sizeof(signer->name));
			return TA_SIGNED_TRUSTED;
		}
	return TA_SIGNED_UNKNOWN_SIGNER;
}
