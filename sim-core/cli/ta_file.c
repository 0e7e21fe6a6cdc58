#include "cli/ta_file.h"

#include "device/paths.h"
#include "registry/ta_image.h"
#include "registry/trusted_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool ta_file_open(const char *path, struct ta_file *out)
{
	char err[512];
	struct stat st;
	int fd, rc;

	memset(out, 0, sizeof(*out));
	fd = trusted_file_open(path, TRUSTED_FILE_SHARED, TA_PACKAGE_SIZE_MAX, &st, err,
			       sizeof(err));
	if (fd < 0) {
		fprintf(stderr, "teesim: %s\n", err);
		return false;
	}
	out->bytes = malloc((size_t)st.st_size + 1);
	rc = out->bytes ? trusted_file_read(fd, out->bytes, (size_t)st.st_size) : -1;
	close(fd);
	if (rc) {
		fprintf(stderr, "teesim: %s: cannot be read\n", path);
		goto fail;
	}
	rc = ta_package_parse(out->bytes, (size_t)st.st_size, &out->package, err, sizeof(err));
	if (rc == 0)
		rc = elf_image_parse(out->package.image, out->package.image_size, &out->elf, err,
				     sizeof(err));
	if (rc == 0)
		rc = (int)ta_content_check(&out->package, &out->elf, NULL, err, sizeof(err));
	if (rc == 0)
		return true;
	fprintf(stderr, "teesim: %s: %s\n", path, err);
fail:
	ta_file_close(out);
	return false;
}

void ta_file_close(struct ta_file *file)
{
	free(file->bytes);
	file->bytes = NULL;
}

bool ta_dirs_find(const char *device, struct ta_dirs *out)
{
	if (!device)
		device = paths_default_device();
	if (!paths_device_name_valid(device)) {
		fprintf(stderr,
			"teesim: not a device name: use 1 to %d letters, digits, '.', '_' or '-'\n",
			PATHS_DEVICE_NAME_MAX);
		return false;
	}
	if (paths_keys(out->keys, sizeof(out->keys)) ||
	    paths_device(device, out->device, sizeof(out->device))) {
		fputs("teesim: no usable home directory: set TEESIM_HOME\n", stderr);
		return false;
	}
	return true;
}

bool ta_dirs_trust(const struct ta_dirs *dirs, struct ta_trust *out)
{
	if (ta_trust_load(out, dirs->keys, dirs->device)) {
		fputs("teesim: out of memory\n", stderr);
		return false;
	}
	if (out->problem[0])
		fprintf(stderr, "teesim: warning: key left out: %s\n", out->problem);
	return true;
}

bool ta_examine(const char *path, const char *device, struct ta_examined *out)
{
	struct ta_trust trust;
	bool open;

	memset(&out->signer, 0, sizeof(out->signer));
	if (!ta_dirs_find(device, &out->dirs) || !ta_dirs_trust(&out->dirs, &trust))
		return false;
	open = ta_file_open(path, &out->file);
	if (open)
		out->signature = ta_signature_check(&out->file.package, &trust, &out->signer);
	ta_trust_clear(&trust);
	return open;
}

void ta_signature_complain(const char *path, const struct ta_examined *ta)
{
	char uuid[UUID_TEXT_SIZE];

	uuid_format(&ta->file.elf.ta.uuid, uuid);
	if (ta->signature == TA_SIGNED_UNKNOWN_SIGNER)
		fprintf(stderr,
			"teesim: %s: TA %s, signed by %s, which is not trusted here: put the "
			"signer's .pub file into %s/trusted/\n",
			path, uuid, ta->signer.fingerprint, ta->dirs.keys);
	else
		fprintf(stderr,
			"teesim: %s: TA %s, not signed: sign it with `teesim ta sign --in %s --out "
			"FILE`\n",
			path, uuid, path);
}
