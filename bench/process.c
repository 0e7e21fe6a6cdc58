#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROCESSES_MAX 8192U

struct process {
	pid_t pid;
	pid_t parent;
	char name[32];
	bool below;
};

/* "pid (name) state parent ...": the name may hold anything, the last ')' ends it. */
static bool stat_parse(char *line, struct process *process)
{
	char *open = strchr(line, '(');
	char *end = strrchr(line, ')');
	char *rest;
	size_t length;

	if (!open || !end || end < open || !end[1])
		return false;
	length = (size_t)(end - open - 1);
	if (length >= sizeof(process->name))
		length = sizeof(process->name) - 1;
	memcpy(process->name, open + 1, length);
	process->name[length] = '\0';
	process->pid = (pid_t)strtol(line, NULL, 10);
	/* A zombie is no process any more. */
	if (end[2] == 'Z')
		return false;
	process->parent = (pid_t)strtol(end + 4, &rest, 10);
	return rest != end + 4;
}

static unsigned int processes_read(struct process *processes, unsigned int max)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	unsigned int count = 0;

	if (!dir)
		return 0;
	while (count < max && (entry = readdir(dir))) {
		char path[300], line[512];
		FILE *file;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(line, sizeof(line), file) && stat_parse(line, &processes[count])) {
			processes[count].below = false;
			count++;
		}
		fclose(file);
	}
	closedir(dir);
	return count;
}

/* Marks all children of those who are marked already. Returns whether there were any. */
static bool mark_children(struct process *processes, unsigned int count, pid_t ancestor)
{
	bool any = false;

	for (unsigned int i = 0; i < count; i++) {
		if (processes[i].below)
			continue;
		for (unsigned int j = 0; j < count && !processes[i].below; j++)
			if (processes[j].below && processes[j].pid == processes[i].parent)
				processes[i].below = true;
		if (processes[i].parent == ancestor)
			processes[i].below = true;
		any = any || processes[i].below;
	}
	return any;
}

unsigned int process_descendants(pid_t ancestor, const char *name, pid_t *pids, unsigned int max)
{
	static struct process processes[PROCESSES_MAX];
	unsigned int count = processes_read(processes, PROCESSES_MAX);
	unsigned int found = 0;

	while (mark_children(processes, count, ancestor))
		;
	for (unsigned int i = 0; i < count && found < max; i++)
		if (processes[i].below && (!name || !strcmp(processes[i].name, name)))
			pids[found++] = processes[i].pid;
	return found;
}

/* The number behind `key` in a file of lines "key: number". */
static int64_t number_read(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	int64_t number = -ENODATA;
	char line[512];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':') {
			number = strtoll(line + strlen(key) + 1, NULL, 10);
			break;
		}
	}
	if (ferror(file))
		number = -EACCES;
	fclose(file);
	return number;
}

int64_t process_cpu_ticks(pid_t pid)
{
	unsigned long user = 0, system = 0;
	char path[64], line[512];
	char *field;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	field = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	/* Eleven fields between the name and the two. */
	for (unsigned int i = 0; field && i < 12; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return -ENODATA;
	user = strtoul(field, &field, 10);
	system = strtoul(field, NULL, 10);
	return (int64_t)(user + system);
}

int64_t process_switches(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	int64_t sum = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		char status[400];
		int64_t number;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(status, sizeof(status), "/proc/%d/task/%s/status", pid, entry->d_name);
		number = number_read(status, "voluntary_ctxt_switches");
		sum += number > 0 ? number : 0;
		number = number_read(status, "nonvoluntary_ctxt_switches");
		sum += number > 0 ? number : 0;
	}
	closedir(dir);
	return sum;
}

int64_t process_private_memory(pid_t pid, int *exact)
{
	char path[64];
	int64_t clean, dirty;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	clean = number_read(path, "Private_Clean");
	dirty = number_read(path, "Private_Dirty");
	*exact = clean >= 0 && dirty >= 0;
	if (*exact)
		return (clean + dirty) * 1024;
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	dirty = number_read(path, "RssAnon");
	return dirty < 0 ? dirty : dirty * 1024;
}

int64_t process_resident_memory(pid_t pid)
{
	char path[64];
	int64_t number;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	number = number_read(path, "VmRSS");
	return number < 0 ? number : number * 1024;
}
