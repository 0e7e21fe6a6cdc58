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

static bool pin_thread(pid_t tid, int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(tid, sizeof(one), &one) == 0;
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
	look();
	return pin_thread(0, cpu);
}

static void pin_process(pid_t pid, int cpu)
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
			(void)pin_thread((pid_t)strtol(entry->d_name, NULL, 10), cpu);
	closedir(dir);
}

void placement_apart(const struct device *device)
{
	pid_t hosts[DEVICE_PROCESSES_MAX];
	unsigned int count;

	look();
	if (side[1] < 0)
		return;
	(void)pin_thread(0, side[0]);
	count = device ? device_hosts(device, hosts) : 0;
	for (unsigned int i = 0; i < count; i++)
		pin_process(hosts[i], side[1]);
}

void placement_free(void)
{
	if (looked && CPU_COUNT(&all) > 0)
		(void)sched_setaffinity(0, sizeof(all), &all);
}

bool placement_take_precedence(void)
{
	return setpriority(PRIO_PROCESS, 0, PRECEDENCE) == 0;
}
