/*
 * Trusted storage of one device: the engine, without processes and without the Core API's rules of
 * sharing.
 *
 *   <device>/storage       the database (SQLite); what it holds is sealed, see seal.h and record.h
 *   <device>/rpmb          the counter that anchors it, see anchor.h
 *   <device>/storage.lock  held by whoever may change it
 *
 * Every call that changes something has either happened or not, also when the process is killed in
 * the midst of it: what it writes becomes part of the storage by one transaction, which makes a new
 * root. A change too large for one step is staged beside the old rows in slices, each a step that
 * leaves time for others, and made part of the storage by a last, small one.
 *
 * Runs in tee-services and, for a device that is not running, in the command line. One thread. It
 * believes nothing that it reads from its files before the seals were checked. The storage owns
 * partitions; objects are counted by their users.
 *
 * Functions return 0 or a negative errno: -ENOENT there is no such object, -EEXIST there is one
 * already, -EBADMSG it is damaged or was tampered with, -ENOSPC disk or quota are full, -EFBIG data
 * would reach too far, -EBUSY the object is being written, -ENOMEM, -EIO.
 */
#ifndef TEESIM_STORAGE_STORAGE_H
#define TEESIM_STORAGE_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/record.h"

struct storage;
struct storage_partition;
struct storage_object;

struct storage_options {
	/* Where another process has it, do not wait for longer than one takes that is about to end.
	 */
	bool impatient;
	/* Look, but change nothing; several may, while one other writes. */
	bool read_only;
	/* A call that has returned outlasts a loss of power. */
	bool durable;
	/* Take the database as it is, though the counter says otherwise, and anchor it anew. */
	bool re_anchor;
	/* Octets of all objects of one TA, and of all; 0: no limit. */
	uint64_t quota_ta;
	uint64_t quota_device;
};

/* Does what a process can't do any more once it has narrowed itself. */
void storage_prepare(void);

/* Opens the storage of the device in `directory`, making it where there is none (-ENOENT for a
 * reader). -EBADMSG: it is refused; `err` receives one line that says what was found. -EBUSY:
 * another process has it. */
int storage_open(struct storage **storage, const char *directory,
		 const struct storage_options *options, char *err, size_t errlen);
/* All objects must have been given back. NULL does nothing. */
void storage_close(struct storage *storage);

/* A few rows of what nobody needs any more are removed. Returns 1 when there is more, else 0. */
int storage_clean(struct storage *storage);

/* Is there a reason to call storage_twin()? */
bool storage_twin_due(const struct storage *storage);
/* Of what lies above the objects, second copies are written, so that no damaged row takes more than
 * one object with it. Best when there has been no change for a moment; storage_close() does it,
 * too. Returns 1 when there is more, else 0. */
int storage_twin(struct storage *storage);

/* ---- partitions ---- */

/* One TA's objects in one store. NULL: no memory. It need not have objects. */
struct storage_partition *storage_partition(struct storage *storage, const struct partition_id *id);

/* The partitions that there are, by number from 0; NULL behind the last. */
struct storage_partition *storage_partition_at(struct storage *storage, size_t i);
const struct partition_id *storage_partition_id(const struct storage_partition *partition);
/* Octets that its objects are charged with, and how many they are. */
void storage_partition_usage(const struct storage_partition *partition, uint64_t *used,
			     uint32_t *objects);

/* What is lost of its directory is given up, so that the rest is whole again. */
int storage_partition_mend(struct storage_partition *partition);

/* What an enumeration tells of an object. */
struct storage_entry {
	uint8_t name[RECORD_NAME_MAX];
	uint8_t name_size;
	struct object_header header;
	uint64_t data_size;
	uint32_t attributes_size;
	uint64_t charge;
};

/*
 * The next object at or behind `*cursor`, which is 0 at first and is moved behind it. Objects that
 * come and go meanwhile do not disturb the others. -ENOENT: no more. -EBADMSG: this one is damaged;
 * its name is there where it is known (name_size), and the next call goes on behind it.
 */
int storage_next(struct storage_partition *partition, uint32_t *cursor,
		 struct storage_entry *entry);

/* ---- objects ---- */

/* Opens it, or counts one more user. Give it back with storage_object_put(). */
int storage_object_get(struct storage_partition *partition, const void *name, size_t size,
		       struct storage_object **object);
void storage_object_put(struct storage_object *object);
/* Is it open already? */
struct storage_object *storage_object_opened(struct storage_partition *partition, const void *name,
					     size_t size);

int storage_object_header(struct storage_object *object, struct object_header *header);
/* The octets are the object's, and stay until its next change. */
int storage_object_attributes(struct storage_object *object, const uint8_t **attributes,
			      size_t *size);
int storage_object_data_size(struct storage_object *object, uint64_t *size);

int storage_object_set_usage(struct storage_object *object, uint32_t usage);
int storage_object_rename(struct storage_object *object, const void *name, size_t size);
int storage_object_truncate(struct storage_object *object, uint64_t size);
/* The object is gone; its users still give it back. */
int storage_object_remove(struct storage_object *object);
/* Removes what can't be opened. */
int storage_remove_name(struct storage_partition *partition, const void *name, size_t size);

/* ---- what may take more than one step ---- */

enum storage_job_kind {
	STORAGE_JOB_NONE,
	STORAGE_JOB_READ,
	STORAGE_JOB_WRITE,
	STORAGE_JOB_CREATE,
};

/* Its fields are the engine's, but for `object` and `at`. Memory that is named at the start must
 * stay until the end. */
struct storage_job {
	enum storage_job_kind kind;
	/* Read, written or, at the end of its making, created: then the caller is a user of it. */
	struct storage_object *object;
	uint64_t offset;
	uint8_t *out;
	const uint8_t *in;
	size_t size;
	/* Octets that are done. */
	size_t at;
	bool staged;
	bool prepared;
	/* Old rows are left over where new ones were staged. */
	bool leftovers;
	/* Of the staged blocks, their stamps. */
	uint64_t *stamps;
	/* Of a new object. */
	struct storage_partition *partition;
	bool overwrite;
	uint8_t name[RECORD_NAME_MAX];
	uint8_t name_size;
};

/* Reads `size` octets from `offset` on, or what there is of them: job->size says how many. */
int storage_read_start(struct storage_job *job, struct storage_object *object, uint64_t offset,
		       void *out, size_t size);
int storage_write_start(struct storage_job *job, struct storage_object *object, uint64_t offset,
			const void *in, size_t size);
/* `data` NULL stands for so many zeros. With `overwrite` it takes the place of one of that name,
 * which nobody has open. */
int storage_create_start(struct storage_job *job, struct storage_partition *partition,
			 const void *name, size_t name_size, const struct object_header *header,
			 const void *attributes, size_t attributes_size, const void *data,
			 size_t size, bool overwrite);
/* Returns 1 when there is more to do, 0 when all is done, or -errno when nothing has happened; the
 * last two end the job. */
int storage_job_step(struct storage_job *job);
/* Ends it with nothing done. Harmless for one that has ended. */
void storage_job_cancel(struct storage_job *job);
/* All steps at once. */
int storage_job_run(struct storage_job *job);

/* ---- looking after it ---- */

/* Something that storage_check() found wrong. */
struct storage_finding {
	/* NULL: of the storage as a whole. */
	const struct partition_id *partition;
	/* Not set: of the partition as a whole. */
	bool has_name;
	uint8_t name[RECORD_NAME_MAX];
	uint8_t name_size;
	const char *what;
};

struct storage_check {
	uint64_t objects;
	uint64_t rows;
	uint64_t findings;
	/* Rows that belong to nothing and will be cleaned away. */
	uint64_t garbage;
	/* Called for each; may be NULL. */
	void (*tell)(const struct storage_finding *finding, void *context);
	void *context;
};

/* Opens every row. With `repair`, what is damaged is removed. Returns 0 when it went to the end,
 * whatever was found. */
int storage_check(struct storage *storage, bool repair, struct storage_check *check);

/* For tests of a full disk: the database stays below so many octets. */
int storage_limit(struct storage *storage, uint64_t octets);

#endif
