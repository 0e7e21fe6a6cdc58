/*
 * tee-services: the process of all pseudo TAs. Started by teesimd alone, as a TA host is, with its
 * control socket as descriptor 3 and the log as descriptors 1 and 2.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/confine.h"
#include "services/registry.h"
#include "serving/control.h"
#include "serving/serve.h"
#include "wire/result.h"

static char device_path[PATH_MAX];
static struct services_device device = { .path = device_path };

static void destroy(void)
{
	registry_stop();
	(void)fflush(NULL);
	_exit(EXIT_SUCCESS);
}

static const struct serving serving = {
	.operate = registry_operate,
	.idle = registry_idle,
	.destroy = destroy,
	.may_reopen = true,
};

__attribute__((noreturn)) static void start_failed(const char *text)
{
	control_send_started(RESULT_GENERIC, ORIGIN_TEE, 0, text);
	_exit(EXIT_FAILURE);
}

/* Takes the message that names the device. */
static void start_receive(struct control_packet *packet)
{
	const struct message_start *start = &packet->start;

	control_receive_start(packet, device_path, sizeof(device_path));
	device.storage_durable = start->start_flags & MESSAGE_START_DURABLE;
	device.storage_quota_ta = start->storage_quota_ta;
	device.storage_quota_device = start->storage_quota_device;
	device.id = serve_uuid(&start->device);
	device.fd = packet_fds_take(&packet->fds, 0);
	device.clock = (struct device_clock) { .host_start_ns = start->clock_host_start_ns,
					       .start_ns = start->clock_start_ns,
					       .rate = start->clock_rate };
}

int main(int argc, char **argv)
{
	static struct control_packet packet;
	int err;

	(void)argv;
	if (argc != 1) {
		fputs("tee-services: this program is started by teesimd; see 'teesim --help'\n",
		      stderr);
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	start_receive(&packet);
	err = serve_listen(packet.fds.fd[1], packet.start.spin_us);
	packet_fds_close(&packet.fds);
	if (err < 0)
		start_failed(strerror(-err));
	registry_start(&device);
	err = confine(device_path);
	if (err < 0)
		start_failed("seccomp could not be entered; 'teesim doctor' says why");
	control_send_started(RESULT_SUCCESS, ORIGIN_TEE, 0, NULL);
	serve(&serving);
}
