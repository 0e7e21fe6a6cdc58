#include "sandbox/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct feature_text {
	const char *name;
	const char *purpose;
	/* What a reader can do when it is missing. */
	const char *advice;
};

#define NAMESPACE_ADVICE                                                       \
	"an ordinary user gets it where user namespaces are allowed "          \
	"(sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces, " \
	"kernel.apparmor_restrict_unprivileged_userns, or the container's own settings)"

static const struct feature_text texts[SANDBOX_FEATURE_COUNT] = {
	[SANDBOX_NO_NEW_PRIVS] = { "no-new-privs", "set-user-ID programs give it nothing",
				   "Linux 3.5 or newer has it" },
	[SANDBOX_NO_CAPABILITIES] = { "no-capabilities", "it holds no privilege of root",
				      "start teesimd as an ordinary user" },
	[SANDBOX_NOT_DUMPABLE] = { "not-dumpable",
				   "other processes of the user cannot trace it or read its memory",
				   "every Linux has it" },
	[SANDBOX_RLIMITS] = { "rlimits", "it cannot use up descriptors, processes or disk",
			      "every Linux has them" },
	[SANDBOX_CLOSED_FDS] = { "closed-fds", "it inherits no descriptor but its own",
				 "Linux 5.9 or newer has close_range" },
	[SANDBOX_LANDLOCK] = { "landlock", "it can open system libraries only",
			       "Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK and landlock in "
			       "the kernel's lsm= list has it" },
	[SANDBOX_LANDLOCK_NET] = { "landlock-net", "no TCP, whatever the namespace",
				   "Linux 6.7 or newer has it" },
	[SANDBOX_LANDLOCK_SCOPE] = { "landlock-scope",
				     "no signals and abstract sockets to other processes",
				     "Linux 6.12 or newer has it" },
	[SANDBOX_SECCOMP] = { "seccomp", "system calls outside the policy end the instance",
			      "Linux 3.17 or newer with CONFIG_SECCOMP_FILTER has it; a container "
			      "may forbid it" },
	[SANDBOX_USER_NS] = { "user-ns", "it owns nothing outside its namespaces",
			      NAMESPACE_ADVICE },
	[SANDBOX_MOUNT_NS] = { "mount-ns", "it sees system libraries instead of the file system",
			       NAMESPACE_ADVICE },
	[SANDBOX_PID_NS] = { "pid-ns", "it sees and signals no other process", NAMESPACE_ADVICE },
	[SANDBOX_NET_NS] = { "net-ns", "it has no network", NAMESPACE_ADVICE },
	[SANDBOX_IPC_NS] = { "ipc-ns", "it shares no System V objects or message queues",
			     NAMESPACE_ADVICE },
	[SANDBOX_UTS_NS] = { "uts-ns", "it cannot rename the machine", NAMESPACE_ADVICE },
};

void sandbox_report_set(struct sandbox_report *report, enum sandbox_feature feature, int err)
{
	if (err) {
		report->missing |= SANDBOX_BIT(feature);
		report->have &= ~SANDBOX_BIT(feature);
	} else {
		report->have |= SANDBOX_BIT(feature);
		report->missing &= ~SANDBOX_BIT(feature);
	}
	report->err[feature] = abs(err);
}

void sandbox_report_set_all(struct sandbox_report *report, uint32_t features, int err)
{
	for (unsigned int i = 0; i < SANDBOX_FEATURE_COUNT; i++)
		if (features & SANDBOX_BIT(i))
			sandbox_report_set(report, (enum sandbox_feature)i, err);
}

void sandbox_report_merge(struct sandbox_report *report, const struct sandbox_report *other)
{
	for (unsigned int i = 0; i < SANDBOX_FEATURE_COUNT; i++)
		if ((other->have | other->missing) & SANDBOX_BIT(i))
			sandbox_report_set(report, (enum sandbox_feature)i,
					   other->have & SANDBOX_BIT(i) ? 0 : other->err[i]);
}

bool sandbox_report_has(const struct sandbox_report *report, uint32_t wanted)
{
	return (report->have & wanted) == wanted;
}

const char *sandbox_feature_name(enum sandbox_feature feature)
{
	return feature < SANDBOX_FEATURE_COUNT ? texts[feature].name : "unknown";
}

const char *sandbox_feature_purpose(enum sandbox_feature feature)
{
	return feature < SANDBOX_FEATURE_COUNT ? texts[feature].purpose : "";
}

int sandbox_feature_reason(const struct sandbox_report *report, enum sandbox_feature feature,
			   char *text, size_t size)
{
	if (size)
		text[0] = '\0';
	if (feature >= SANDBOX_FEATURE_COUNT || !(report->missing & SANDBOX_BIT(feature)))
		return 0;
	if (report->err[feature] == ECANCELED)
		return snprintf(text, size, "%s: turned off for this kind of run",
				texts[feature].name);
	return snprintf(text, size, "%s: %s; %s", texts[feature].name,
			strerror(report->err[feature]), texts[feature].advice);
}
