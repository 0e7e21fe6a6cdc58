#include "placement.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "device.h"

#define PRECEDENCE (-15)

static cpu_set_t all;
static int side[2] = { -1, -1 };
static bool looked;

static void look(void)
{
	unsigned int found = 0;

	if (looked)
		return;
	looked = true;
	if (sched_getaffinity(0, sizeof(all), &all) < 0 || CPU_COUNT(&all) < 1)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++)
		if (CPU_ISSET(cpu, &all))
			side[found++] = cpu;
}

static cpu_set_t one_cpu(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return one;
}

static bool thread_place(pid_t tid, const cpu_set_t *cpus)
{
	return sched_setaffinity(tid, sizeof(*cpus), cpus) == 0;
}

int placement_peer_cpu(void)
{
	look();
	return side[1];
}

int placement_first_cpu(void)
{
	look();
	return side[0];
}

bool placement_pin(int cpu)
{
	const cpu_set_t one = one_cpu(cpu);

	look();
	return thread_place(0, &one);
}

static void process_place(pid_t pid, const cpu_set_t *cpus)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			(void)thread_place((pid_t)strtol(entry->d_name, NULL, 10), cpus);
	closedir(dir);
}

static void hosts_place(const struct device *device, const cpu_set_t *cpus)
{
	pid_t hosts[DEVICE_PROCESSES_MAX];
	unsigned int count = device ? device_hosts(device, hosts) : 0;

	for (unsigned int i = 0; i < count; i++)
		process_place(hosts[i], cpus);
}

void placement_apart(const struct device *device)
{
	cpu_set_t theirs;

	look();
	if (side[1] < 0)
		return;
	(void)placement_pin(side[0]);
	theirs = one_cpu(side[1]);
	hosts_place(device, &theirs);
}

void placement_free(const struct device *device)
{
	look();
	if (CPU_COUNT(&all) < 1)
		return;
	(void)thread_place(0, &all);
	hosts_place(device, &all);
}

bool placement_take_precedence(void)
{
	return setpriority(PRIO_PROCESS, 0, PRECEDENCE) == 0;
}
