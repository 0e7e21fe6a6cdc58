#include "teep/evil/theatre.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "otrp/tee_client.h"
#include "teep/agent/answer.h"
#include "teep/agent/http/teep_http.h"
#include "teep/pki/certificate.h"
#include "teesim_agent.h"
#include "wire/launch.h"

#define SCENES_MAX     16U
#define KEPT_MAX       64U
#define DEVICES_MAX    8U
#define NAME_MAX_SIZE  40U
#define EXCHANGES_MAX  64U
#define FLOOD_THREADS  8
#define TELL_MAX       256
#define TEE_TIMEOUT_MS 60000U

/* A session with the TAM. */
struct scene {
	char name[NAME_MAX_SIZE];
	struct teep_http *http;
	struct octets request, answer; /* on their way to the TEE, to the TAM */
	struct rule_counts counts;
};

struct kept {
	char name[NAME_MAX_SIZE];
	struct octets message;
};

struct device {
	char name[NAME_MAX_SIZE];
	struct teesim_agent *tee;
	int daemon; /* keeps it there; -1: none */
};

enum tam_outcome {
	TAM_NOTHING, /* it was not called */
	TAM_NEXT,
	TAM_FINISHED,
	TAM_FAILED,
};

struct theatre {
	struct theatre_options options;
	char tam[2048];
	struct device devices[DEVICES_MAX];
	unsigned int device_count, device;
	struct scene scenes[SCENES_MAX];
	unsigned int scene_count;
	struct kept kept[KEPT_MAX];
	unsigned int kept_count;
	struct rule rules[RULES_MAX];
	unsigned int rule_lines[RULES_MAX];
	unsigned int rule_count;
	/* What came of the last delivery to either side. */
	bool tee_asked;
	struct message_look tee_look;
	enum tam_outcome tam_outcome;
	long tam_status;
	struct message_look tam_look;
	unsigned long flood_passed, flood_refused, flood_failed;
	unsigned int failures;
};

void theatre_tell(struct theatre *theatre, const char *format, ...)
{
	va_list args;

	if (theatre->options.quiet)
		return;
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)putchar('\n');
	(void)fflush(stdout);
}

__attribute__((format(printf, 2, 3))) static int nonsense(unsigned int line, const char *format,
							  ...)
{
	va_list args;

	(void)fprintf(stderr, "teesim evil-agent: line %u: ", line);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
	return -EBADMSG;
}

struct theatre *theatre_open(const struct theatre_options *options)
{
	struct theatre *theatre = calloc(1, sizeof(*theatre));

	if (!theatre)
		return NULL;
	theatre->options = *options;
	if (options->tam)
		(void)snprintf(theatre->tam, sizeof(theatre->tam), "%s", options->tam);
	theatre->device = UINT_MAX;
	return theatre;
}

void theatre_close(struct theatre *theatre)
{
	for (unsigned int i = 0; i < theatre->scene_count; i++) {
		octets_clear(&theatre->scenes[i].request);
		octets_clear(&theatre->scenes[i].answer);
		teep_http_close(theatre->scenes[i].http);
	}
	for (unsigned int i = 0; i < theatre->kept_count; i++)
		octets_clear(&theatre->kept[i].message);
	for (unsigned int i = 0; i < theatre->device_count; i++) {
		teesim_agent_close(theatre->devices[i].tee);
		if (theatre->devices[i].daemon >= 0)
			close(theatre->devices[i].daemon);
	}
	free(theatre);
}

/* ---- Who and what the script names ----------------------------------------------------------- */

static struct scene *scene_find(struct theatre *theatre, const char *name, size_t length)
{
	for (unsigned int i = 0; i < theatre->scene_count; i++)
		if (strlen(theatre->scenes[i].name) == length &&
		    memcmp(theatre->scenes[i].name, name, length) == 0)
			return &theatre->scenes[i];
	return NULL;
}

/* "NAME", or "SESSION.request" and "SESSION.answer" for what is on its way there. NULL: none. */
static struct octets *message_find(struct theatre *theatre, const char *name)
{
	const char *dot = strrchr(name, '.');
	struct scene *scene = dot ? scene_find(theatre, name, (size_t)(dot - name)) : NULL;
	struct octets *found = NULL;

	if (scene && strcmp(dot, ".request") == 0)
		found = &scene->request;
	else if (scene && strcmp(dot, ".answer") == 0)
		found = &scene->answer;
	for (unsigned int i = 0; !found && i < theatre->kept_count; i++)
		if (strcmp(theatre->kept[i].name, name) == 0)
			found = &theatre->kept[i].message;
	return found && found->data ? found : NULL;
}

static int message_keep(struct theatre *theatre, const char *name, const struct octets *message)
{
	struct kept *kept = NULL;

	for (unsigned int i = 0; i < theatre->kept_count; i++)
		if (strcmp(theatre->kept[i].name, name) == 0)
			kept = &theatre->kept[i];
	if (!kept) {
		if (theatre->kept_count == KEPT_MAX || strlen(name) >= NAME_MAX_SIZE)
			return -ENOSPC;
		kept = &theatre->kept[theatre->kept_count++];
		strcpy(kept->name, name);
	}
	octets_clear(&kept->message);
	return octets_copy(message, &kept->message);
}

static int device_open(struct theatre *theatre, const char *name, char *err, size_t errlen)
{
	struct device *device = &theatre->devices[theatre->device_count];
	const struct launch_options launch = { .device = name };
	const char *const tees[] = { err };
	const struct teesim_agent_options options = { .tees = tees,
						      .tee_count = 1,
						      .timeout_ms = TEE_TIMEOUT_MS };
	char path[PATH_MAX];
	int rc;

	for (unsigned int i = 0; i < theatre->device_count; i++)
		if (strcmp(theatre->devices[i].name, name ? name : "") == 0) {
			theatre->device = i;
			return 0;
		}
	if (theatre->device_count == DEVICES_MAX || (name && strlen(name) >= NAME_MAX_SIZE)) {
		(void)snprintf(err, errlen, "too many devices, or too long a name");
		return -ENOSPC;
	}
	rc = tee_client_path(name, path, sizeof(path), err, errlen);
	if (rc == 0)
		device->daemon = rc = launch_connect(&launch, err, errlen);
	if (rc < 0)
		return rc;
	(void)snprintf(err, errlen, "%s", path);
	rc = teesim_agent_open(&options, &device->tee);
	if (rc < 0) {
		(void)snprintf(err, errlen, "%s", teesim_agent_reason());
		close(device->daemon);
		return rc;
	}
	strcpy(device->name, name ? name : "");
	theatre->device = theatre->device_count++;
	return 0;
}

/* The TEE that is talked to now; NULL after a message. */
static struct teesim_agent *tee_of(struct theatre *theatre)
{
	char err[PATH_MAX];

	if (theatre->device == UINT_MAX &&
	    device_open(theatre, theatre->options.device, err, sizeof(err)) < 0) {
		(void)fprintf(stderr, "teesim evil-agent: %s\n", err);
		return NULL;
	}
	return theatre->devices[theatre->device].tee;
}

/* ---- What is done to messages ---------------------------------------------------------------- */

static int resign(const struct rule *rule, struct octets *octets, char *err, size_t errlen)
{
	STACK_OF(X509) *chain = NULL;
	EVP_PKEY *key = NULL;
	X509 *own = NULL;
	int rc = 0;

	if (rule->argument_count) {
		key = key_read(rule->arguments[0], err, errlen);
		if (key && rule->argument_count == 2)
			chain = chain_read(rule->arguments[1], err, errlen);
		if (!key || (rule->argument_count == 2 && !chain))
			rc = -EINVAL;
	} else {
		/* One of his own, which names itself as TAMs are named. */
		const time_t now = time(NULL);
		struct certificate_request request = { .role = ROLE_TAM,
						       .name = "Evil",
						       .tamid = "1.3.6.1.4.1.55555.7.1",
						       .not_before = now - 3600,
						       .not_after = now + 86400 };

		key = request.key = key_generate(KEY_P256);
		own = key ? certificate_issue(&request, NULL, key) : NULL;
		chain = sk_X509_new_null();
		if (!own || !chain || !sk_X509_push(chain, own))
			rc = -ENOMEM;
		else
			own = NULL;
	}
	if (rc == 0)
		rc = message_resign(octets, key, chain);
	X509_free(own);
	sk_X509_pop_free(chain, X509_free);
	EVP_PKEY_free(key);
	return rc;
}

static int flip(const struct rule *rule, struct octets *octets)
{
	long bit;

	if (strcmp(rule->arguments[0], "random") == 0)
		bit = octets->size ? random() % (long)(octets->size * 4) : 0;
	else if (!script_number(rule->arguments[0], 0, LONG_MAX, &bit))
		return -EINVAL;
	return message_flip(octets, rule->argument_count == 2 ? rule->arguments[1] : NULL,
			    (size_t)bit);
}

static int replace(struct theatre *theatre, const char *name, struct octets *octets)
{
	const struct octets *other = message_find(theatre, name);
	struct octets copy;

	if (!other)
		return -ENOENT;
	if (octets_copy(other, &copy) < 0)
		return -ENOMEM;
	octets_clear(octets);
	*octets = copy;
	return 0;
}

/* Behind what is in the file already, as one line. */
static int save(const char *path, const struct octets *octets, char *err, size_t errlen)
{
	FILE *file = fopen(path, "ae");
	int rc = file ? 0 : -errno;

	if (file && (fwrite(octets->data, 1, octets->size, file) != octets->size ||
		     fputc('\n', file) == EOF))
		rc = -errno;
	if (file && fclose(file) == EOF && rc == 0)
		rc = -errno;
	if (rc)
		(void)snprintf(err, errlen, "%s: %s", path, strerror(-rc));
	return rc;
}

static int answer_as_agent(const char *code, struct octets *octets)
{
	static const enum answer_error errors[] = { ANSWER_TEE_UNKNOWN, ANSWER_TEE_BUSY,
						    ANSWER_TEE_FAIL };

	for (int i = 0; i < 3; i++)
		if (strcmp(answer_error_code(errors[i]), code) == 0) {
			octets_clear(octets);
			octets->data = answer_error_compose(errors[i], &octets->size);
			return octets->data ? 0 : -ENOMEM;
		}
	return -EINVAL;
}

static void pause_ms(long ms)
{
	const struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL);
}

static int act(struct theatre *theatre, const struct rule *rule, struct stage_message *message,
	       char *err, size_t errlen)
{
	const char *action = rule->action, *first = rule->argument_count ? rule->arguments[0] : "";
	struct octets *octets = message->octets;
	long number;

	if (strcmp(action, "drop") == 0) {
		message->dropped = true;
		return 0;
	}
	if (strcmp(action, "keep") == 0)
		return message_keep(theatre, first, octets);
	if (strcmp(action, "save") == 0)
		return save(first, octets, err, errlen);
	if (strcmp(action, "replace") == 0)
		return replace(theatre, first, octets);
	if (strcmp(action, "text") == 0) {
		octets_clear(octets);
		return octets_of_text(first, octets);
	}
	if (strcmp(action, "repeat") == 0) {
		if (!script_number(first, 1, 100000, &number))
			return -EINVAL;
		message->extra += (unsigned long)number;
		return 0;
	}
	if (strcmp(action, "delay") == 0) {
		if (!script_number(first, 0, 600000, &number))
			return -EINVAL;
		pause_ms(number);
		return 0;
	}
	if (strcmp(action, "flip") == 0)
		return flip(rule, octets);
	if (strcmp(action, "truncate") == 0)
		return script_number(first, LONG_MIN / 2, LONG_MAX / 2, &number)
			       ? message_truncate(octets, number)
			       : -EINVAL;
	if (strcmp(action, "rename") == 0)
		return message_rename(octets, first);
	if (strcmp(action, "set") == 0)
		return message_set(octets, first, rule->arguments[1]);
	if (strcmp(action, "remove") == 0)
		return message_remove(octets, first);
	if (strcmp(action, "resign") == 0)
		return resign(rule, octets, err, errlen);
	if (strcmp(action, "alg") == 0)
		return message_alg(octets, first);
	if (strcmp(action, "entries") == 0)
		return message_entries(octets, first,
				       rule->argument_count == 2
					       ? message_find(theatre, rule->arguments[1])
					       : NULL);
	return answer_as_agent(first, octets);
}

/*
 * Does the action of a rule. `kept` finds and keeps messages by name. Returns 0, or -errno, which
 * has been told: the message has no such part, or the action no such argument.
 */
static int theatre_act(struct theatre *theatre, const struct rule *rule,
		       struct stage_message *message)
{
	char err[512] = "";
	const int rc = act(theatre, rule, message, err, sizeof(err));

	if (rc == 0)
		return 0;
	if (!err[0])
		(void)snprintf(err, sizeof(err), "%s",
			       rc == -ENOENT	? "no message of that name was kept"
			       : rc == -ERANGE	? "there are fewer bits"
			       : rc == -EBADMSG ? "the message has no such part"
			       : rc == -EINVAL	? "it takes other words"
						: strerror(-rc));
	return nonsense(message->line, "%s: %s", rule->action, err);
}

int theatre_rules(struct theatre *theatre, const char *who, struct rule_counts *counts,
		  enum script_side side, struct stage_message *message)
{
	struct message_look look;

	/* By what it was when it came: one rule's changes do not hide it from the next. */
	message_look(message->octets, &look);
	for (unsigned int i = 0; i < theatre->rule_count; i++) {
		const struct rule *rule = &theatre->rules[i];
		int rc;

		if (rule->side != side || (rule->message && !message_is(&look, rule->message)))
			continue;
		counts->seen[i]++;
		if (rule->number && counts->seen[i] != rule->number)
			continue;
		message->line = theatre->rule_lines[i];
		rc = theatre_act(theatre, rule, message);
		if (rc < 0)
			return rc;
		theatre_tell(theatre, "%s: line %u: %s%s%s", who, message->line, rule->action,
			     rule->argument_count ? " " : "",
			     rule->argument_count ? rule->arguments[0] : "");
	}
	return 0;
}

/* ---- Deliveries ------------------------------------------------------------------------------ */

static const char *name_or_octets(const struct message_look *look, const struct octets *message,
				  char out[TELL_MAX])
{
	(void)snprintf(out, TELL_MAX, "%s, %zu octets%s%s%s%s",
		       look->name[0] ? look->name : "what can't be read", message->size,
		       look->status[0] ? ", " : "", look->status, look->reason[0] ? " " : "",
		       look->reason);
	return out;
}

/* Returns 0 with an answer, or -EIO after a message. */
static int tee_deliver(struct theatre *theatre, const char *who, const struct octets *message,
		       struct octets *answer)
{
	struct teesim_agent *tee = tee_of(theatre);
	struct message_look look;
	char text[TELL_MAX];
	int rc;

	if (!tee)
		return -EIO;
	message_look(message, &look);
	theatre_tell(theatre, "%s: to the TEE: %s", who, name_or_octets(&look, message, text));
	octets_clear(answer);
	rc = teesim_agent_process_otrp_message(tee, message->data, message->size, &answer->data,
					       &answer->size);
	theatre->tee_asked = true;
	message_look(answer, &theatre->tee_look);
	if (rc < 0) {
		/* An empty message reaches nobody; that is an outcome, too. */
		theatre_tell(theatre, "%s: from the TEE: nothing: %s", who, teesim_agent_reason());
		return octets_of_text("", answer) < 0 ? -EIO : 0;
	}
	theatre_tell(theatre, "%s: from the TEE: %s", who,
		     name_or_octets(&theatre->tee_look, answer, text));
	return 0;
}

static void tam_note(struct theatre *theatre, const char *who, int rc,
		     struct teep_http_answer *answer, struct octets *next, const char *err)
{
	char text[TELL_MAX];

	theatre->tam_status = answer->status;
	octets_clear(next);
	*next = (struct octets) { answer->octets, answer->size };
	message_look(next, &theatre->tam_look);
	theatre->tam_outcome = rc < 0 ? TAM_FAILED : next->data ? TAM_NEXT : TAM_FINISHED;
	if (rc < 0)
		theatre_tell(theatre, "%s: from the TAM: %s", who, err);
	else if (next->data)
		theatre_tell(theatre, "%s: from the TAM: %s", who,
			     name_or_octets(&theatre->tam_look, next, text));
	else
		theatre_tell(theatre, "%s: from the TAM: no more to say", who);
}

static void tam_deliver(struct theatre *theatre, const char *who, struct teep_http *http,
			const struct octets *message, struct octets *next)
{
	struct teep_http_answer answer;
	struct message_look look;
	char err[5120], text[TELL_MAX];
	int rc;

	message_look(message, &look);
	theatre_tell(theatre, "%s: to the TAM: %s", who, name_or_octets(&look, message, text));
	rc = teep_http_send(http, message->data, message->size, &answer, err, sizeof(err));
	tam_note(theatre, who, rc, &answer, next, err);
}

static struct teep_http *http_open(struct theatre *theatre, unsigned int line)
{
	const struct teep_http_options options = { .uri = theatre->tam,
						   .ca_file = theatre->options.ca_file };
	struct teep_http *http;
	char err[5120];

	if (teep_http_open(&http, &options, err, sizeof(err)) < 0) {
		(void)nonsense(line, "%s", err);
		return NULL;
	}
	return http;
}

/* The request on its way reaches the TEE, or does not. Returns 0, or a negative for nonsense. */
static int scene_to_tee(struct theatre *theatre, struct scene *scene)
{
	struct stage_message message = { .octets = &scene->request };
	struct octets first = { NULL, 0 };
	int rc = theatre_rules(theatre, scene->name, &scene->counts, SIDE_TAM, &message);

	octets_clear(&scene->answer);
	if (rc == 0 && message.dropped) {
		theatre->tee_asked = false;
		theatre_tell(theatre, "%s: dropped before the TEE", scene->name);
	} else if (rc == 0) {
		rc = tee_deliver(theatre, scene->name, &scene->request, &first);
		for (unsigned long i = 0; rc == 0 && i < message.extra; i++)
			rc = tee_deliver(theatre, scene->name, &scene->request, &scene->answer);
		/* What the TAM gets is the first; what the script looks at is the last. */
		octets_clear(&scene->answer);
		scene->answer = first;
	}
	octets_clear(&scene->request);
	return rc;
}

static int scene_to_tam(struct theatre *theatre, struct scene *scene)
{
	struct stage_message message = { .octets = &scene->answer };
	int rc = theatre_rules(theatre, scene->name, &scene->counts, SIDE_TEE, &message);

	if (rc == 0 && message.dropped) {
		theatre->tam_outcome = TAM_NOTHING;
		theatre_tell(theatre, "%s: dropped before the TAM", scene->name);
	} else if (rc == 0) {
		tam_deliver(theatre, scene->name, scene->http, &scene->answer, &scene->request);
		for (unsigned long i = 0; i < message.extra; i++) {
			struct octets other = { NULL, 0 };

			tam_deliver(theatre, scene->name, scene->http, &scene->answer, &other);
			octets_clear(&other);
		}
	}
	octets_clear(&scene->answer);
	return rc;
}

static int scene_run(struct theatre *theatre, struct scene *scene)
{
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < EXCHANGES_MAX; i++) {
		if (scene->request.data)
			rc = scene_to_tee(theatre, scene);
		else if (scene->answer.data)
			rc = scene_to_tam(theatre, scene);
		else
			break;
	}
	return rc;
}

/* ---- Verbs ----------------------------------------------------------------------------------- */

static int scene_open(struct theatre *theatre, const struct statement *statement, const char *name,
		      unsigned int first_ta, struct scene **out)
{
	struct scene *scene = scene_find(theatre, name, strlen(name));
	struct teep_http_answer answer;
	char err[5120];
	int rc;

	if (!scene) {
		if (theatre->scene_count == SCENES_MAX || strlen(name) >= NAME_MAX_SIZE)
			return nonsense(statement->line, "too many sessions, or too long a name");
		scene = &theatre->scenes[theatre->scene_count++];
	}
	octets_clear(&scene->request);
	octets_clear(&scene->answer);
	teep_http_close(scene->http);
	memset(scene, 0, sizeof(*scene));
	strcpy(scene->name, name);
	scene->http = http_open(theatre, statement->line);
	if (!scene->http)
		return -EBADMSG;
	theatre_tell(theatre, "%s: calling %s", name, theatre->tam);
	rc = teep_http_connect(scene->http, (const char *const *)&statement->words[first_ta],
			       statement->count - first_ta, NULL, 0, &answer, err, sizeof(err));
	tam_note(theatre, name, rc, &answer, &scene->request, err);
	*out = scene;
	return 0;
}

static int verb_open(struct theatre *theatre, const struct statement *statement)
{
	struct scene *scene;

	return statement->count < 2
		       ? nonsense(statement->line, "open SESSION [TA…]")
		       : scene_open(theatre, statement, statement->words[1], 2, &scene);
}

static int verb_session(struct theatre *theatre, const struct statement *statement)
{
	struct scene *scene = NULL;
	const int rc = scene_open(theatre, statement, "session", 1, &scene);

	return rc < 0 || !scene ? rc : scene_run(theatre, scene);
}

static int verb_scene(struct theatre *theatre, const struct statement *statement)
{
	const char *verb = statement->words[0];
	struct scene *scene;

	if (statement->count != 2)
		return nonsense(statement->line, "%s SESSION", verb);
	scene = scene_find(theatre, statement->words[1], strlen(statement->words[1]));
	if (!scene)
		return nonsense(statement->line, "no session was opened as %s",
				statement->words[1]);
	if (strcmp(verb, "run") == 0)
		return scene_run(theatre, scene);
	if (strcmp(verb, "deliver") == 0)
		return scene->request.data
			       ? scene_to_tee(theatre, scene)
			       : nonsense(statement->line, "%s has no request", scene->name);
	return scene->answer.data ? scene_to_tam(theatre, scene)
				  : nonsense(statement->line, "%s has no answer", scene->name);
}

static int verb_send(struct theatre *theatre, const struct statement *statement)
{
	struct octets *message, came = { NULL, 0 };
	struct teep_http *http;
	int rc = 0;

	if (statement->count != 3)
		return nonsense(statement->line, "send tee|tam MESSAGE");
	message = message_find(theatre, statement->words[2]);
	if (!message)
		return nonsense(statement->line, "no message was kept as %s", statement->words[2]);
	if (strcmp(statement->words[1], "tee") == 0) {
		rc = tee_deliver(theatre, "send", message, &came);
		if (rc == 0)
			rc = message_keep(theatre, "sent.answer", &came);
	} else if (strcmp(statement->words[1], "tam") == 0) {
		http = http_open(theatre, statement->line);
		if (!http)
			return -EBADMSG;
		tam_deliver(theatre, "send", http, message, &came);
		teep_http_close(http);
		if (came.data)
			rc = message_keep(theatre, "sent.request", &came);
	} else {
		rc = nonsense(statement->line, "send tee|tam MESSAGE");
	}
	octets_clear(&came);
	return rc;
}

struct flood {
	struct teesim_agent *target;
	const struct octets *message;
	unsigned long count, passed, refused, failed;
};

static void *flood_thread(void *context)
{
	struct flood *flood = context;

	for (unsigned long i = 0; i < flood->count; i++) {
		struct octets answer = { NULL, 0 };
		const int rc =
			teesim_agent_process_otrp_message(flood->target, flood->message->data,
							  flood->message->size, &answer.data,
							  &answer.size);

		if (rc == 0)
			flood->passed++;
		else if (rc == TEESIM_AGENT_TEE_BUSY)
			flood->refused++;
		else
			flood->failed++;
		octets_clear(&answer);
	}
	return NULL;
}

static void flood_all(struct theatre *theatre, struct teesim_agent *target,
		      const struct octets *message, unsigned long count)
{
	struct flood floods[FLOOD_THREADS];
	pthread_t threads[FLOOD_THREADS];

	for (unsigned int i = 0; i < FLOOD_THREADS; i++) {
		floods[i] = (struct flood) { .target = target,
					     .message = message,
					     .count = count / FLOOD_THREADS +
						      (i < count % FLOOD_THREADS) };
		if (pthread_create(&threads[i], NULL, flood_thread, &floods[i]) != 0)
			threads[i] = 0;
	}
	theatre->flood_passed = theatre->flood_refused = theatre->flood_failed = 0;
	for (unsigned int i = 0; i < FLOOD_THREADS; i++) {
		if (threads[i])
			(void)pthread_join(threads[i], NULL);
		theatre->flood_passed += floods[i].passed;
		theatre->flood_refused += floods[i].refused;
		theatre->flood_failed += floods[i].failed;
	}
	theatre_tell(theatre, "flood: %lu answered, %lu busy, %lu failed", theatre->flood_passed,
		     theatre->flood_refused, theatre->flood_failed);
}

static int verb_flood(struct theatre *theatre, const struct statement *statement)
{
	const struct teesim_agent_options options = { .device = theatre->options.device };
	struct teesim_agent *target;
	const struct octets *message;
	bool agent;
	long count;

	if (statement->count != 4 || !script_number(statement->words[2], 1, 10000000, &count))
		return nonsense(statement->line, "flood tee|agent COUNT MESSAGE");
	agent = strcmp(statement->words[1], "agent") == 0;
	message = message_find(theatre, statement->words[3]);
	if (!message)
		return nonsense(statement->line, "no message was kept as %s", statement->words[3]);
	if (!agent && strcmp(statement->words[1], "tee") != 0)
		return nonsense(statement->line, "flood tee|agent COUNT MESSAGE");
	if (agent && teesim_agent_open(&options, &target) < 0)
		return nonsense(statement->line, "%s", teesim_agent_reason());
	if (!agent)
		target = tee_of(theatre);
	if (!target)
		return -EBADMSG;
	flood_all(theatre, target, message, (unsigned long)count);
	if (agent)
		teesim_agent_close(target);
	return 0;
}

static int verb_on(struct theatre *theatre, const struct statement *statement)
{
	char err[256];

	if (theatre->rule_count == RULES_MAX)
		return nonsense(statement->line, "more than %u rules", RULES_MAX);
	if (script_rule_parse(statement, &theatre->rules[theatre->rule_count], err, sizeof(err)) <
	    0)
		return nonsense(statement->line, "%s", err);
	theatre->rule_lines[theatre->rule_count++] = statement->line;
	return 0;
}

int theatre_rules_take(struct theatre *theatre, const struct script *script)
{
	for (size_t i = 0; i < script->count; i++) {
		if (strcmp(script->statements[i].words[0], "on") != 0)
			return nonsense(script->statements[i].line,
					"a proxy has rules (\"on …\") and nothing else");
		if (verb_on(theatre, &script->statements[i]) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int verb_forget(struct theatre *theatre, const struct statement *statement)
{
	(void)statement;
	theatre->rule_count = 0;
	for (unsigned int i = 0; i < theatre->scene_count; i++)
		memset(&theatre->scenes[i].counts, 0, sizeof(theatre->scenes[i].counts));
	return 0;
}

static int verb_change(struct theatre *theatre, const struct statement *statement)
{
	char *words[SCRIPT_WORDS_MAX] = { "on", "tam" };
	struct statement as_rule = { .line = statement->line, .count = statement->count };
	struct stage_message message = { .line = statement->line };
	struct rule rule;
	char err[256];

	if (statement->count < 3)
		return nonsense(statement->line, "change MESSAGE ACTION [ARGUMENT…]");
	message.octets = message_find(theatre, statement->words[1]);
	if (!message.octets)
		return nonsense(statement->line, "no message was kept as %s", statement->words[1]);
	memcpy(&words[2], &statement->words[2], (statement->count - 2) * sizeof(words[0]));
	memcpy(as_rule.words, words, sizeof(words));
	if (script_rule_parse(&as_rule, &rule, err, sizeof(err)) < 0)
		return nonsense(statement->line, "%s", err);
	return theatre_act(theatre, &rule, &message);
}

static int verb_copy(struct theatre *theatre, const struct statement *statement)
{
	const struct octets *message;

	if (statement->count != 3)
		return nonsense(statement->line, "copy MESSAGE NAME");
	message = message_find(theatre, statement->words[1]);
	if (!message)
		return nonsense(statement->line, "no message was kept as %s", statement->words[1]);
	return message_keep(theatre, statement->words[2], message) < 0
		       ? nonsense(statement->line, "too many messages, or too long a name")
		       : 0;
}

static int verb_tam(struct theatre *theatre, const struct statement *statement)
{
	if (statement->count != 2 || strlen(statement->words[1]) >= sizeof(theatre->tam))
		return nonsense(statement->line, "tam URI");
	strcpy(theatre->tam, statement->words[1]);
	return 0;
}

static int verb_device(struct theatre *theatre, const struct statement *statement)
{
	char err[PATH_MAX];

	if (statement->count != 2)
		return nonsense(statement->line, "device NAME");
	return device_open(theatre, statement->words[1], err, sizeof(err)) < 0
		       ? nonsense(statement->line, "%s", err)
		       : 0;
}

static int verb_wait(struct theatre *theatre, const struct statement *statement)
{
	long ms;

	(void)theatre;
	if (statement->count != 2 || !script_number(statement->words[1], 0, 600000, &ms))
		return nonsense(statement->line, "wait MILLISECONDS");
	pause_ms(ms);
	return 0;
}

static int verb_say(struct theatre *theatre, const struct statement *statement)
{
	for (unsigned int i = 1; i < statement->count; i++)
		theatre_tell(theatre, "%s", statement->words[i]);
	return 0;
}

static int verb_shell(struct theatre *theatre, const struct statement *statement)
{
	int status;

	if (statement->count != 2)
		return nonsense(statement->line, "shell \"COMMAND\"");
	(void)fflush(stdout);
	status = system(statement->words[1]);
	if (status != 0) {
		theatre->failures++;
		printf("line %u: NOT as expected: %s: status %d\n", statement->line,
		       statement->words[1], WIFEXITED(status) ? WEXITSTATUS(status) : -1);
		(void)fflush(stdout);
	}
	return 0;
}

/* ---- Expectations ---------------------------------------------------------------------------- */

static bool tee_holds(const struct theatre *theatre, const char *what, const char *argument)
{
	const struct message_look *look = &theatre->tee_look;

	if (strcmp(what, "nothing") == 0)
		return !theatre->tee_asked || !look->name[0];
	if (!theatre->tee_asked)
		return false;
	if (strcmp(what, "pass") == 0 || strcmp(what, "fail") == 0)
		return strcmp(look->status, what) == 0;
	if (strcmp(what, "entries") == 0)
		return look->entries == strtoul(argument, NULL, 10);
	/* reason CODE: what the TEE says in the clear, or the agent in its place. */
	return strcmp(look->reason, argument) == 0;
}

static bool tam_holds(const struct theatre *theatre, const char *what, const char *argument)
{
	if (strcmp(what, "nothing") == 0)
		return theatre->tam_outcome == TAM_NOTHING;
	if (strcmp(what, "finished") == 0)
		return theatre->tam_outcome == TAM_FINISHED;
	if (strcmp(what, "failed") == 0)
		return theatre->tam_outcome == TAM_FAILED;
	if (strcmp(what, "http") == 0)
		return theatre->tam_status == strtol(argument, NULL, 10);
	/* next [MESSAGE] */
	return theatre->tam_outcome == TAM_NEXT &&
	       (!argument[0] || message_is(&theatre->tam_look, argument));
}

static bool flood_holds(const struct theatre *theatre, const char *what, const char *argument)
{
	const unsigned long least = strtoul(argument, NULL, 10);

	return strcmp(what, "pass") == 0   ? theatre->flood_passed >= least
	       : strcmp(what, "busy") == 0 ? theatre->flood_refused >= least
					   : theatre->flood_failed <= least;
}

static const struct {
	const char *subject;
	const char *what;
	unsigned int least, most; /* words behind it */
	bool (*holds)(const struct theatre *theatre, const char *what, const char *argument);
} expectations[] = {
	{ "tee", "pass", 0, 0, tee_holds },	  { "tee", "fail", 0, 0, tee_holds },
	{ "tee", "nothing", 0, 0, tee_holds },	  { "tee", "reason", 1, 1, tee_holds },
	{ "tee", "entries", 1, 1, tee_holds },	  { "tam", "next", 0, 1, tam_holds },
	{ "tam", "finished", 0, 0, tam_holds },	  { "tam", "failed", 0, 0, tam_holds },
	{ "tam", "nothing", 0, 0, tam_holds },	  { "tam", "http", 1, 1, tam_holds },
	{ "flood", "pass", 1, 1, flood_holds },	  { "flood", "busy", 1, 1, flood_holds },
	{ "flood", "failed", 1, 1, flood_holds },
};

#define EXPECTATION_COUNT (sizeof(expectations) / sizeof(expectations[0]))

static void outcome_tell(const struct theatre *theatre)
{
	static const char *const outcomes[] = { "was not called", "has a next message",
						"has no more to say", "failed" };

	printf("    the TEE: %s %s %s; the TAM: %s, HTTP %ld, %s\n",
	       !theatre->tee_asked ? "was not asked" : theatre->tee_look.name,
	       theatre->tee_look.status, theatre->tee_look.reason, outcomes[theatre->tam_outcome],
	       theatre->tam_status, theatre->tam_look.name);
}

static int same_holds(struct theatre *theatre, const struct statement *statement, bool *holds)
{
	const struct octets *a = message_find(theatre, statement->words[2]);
	const struct octets *b = message_find(theatre, statement->words[3]);

	if (!a || !b)
		return nonsense(statement->line, "no message was kept as %s",
				statement->words[a ? 3 : 2]);
	*holds = a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
	return 0;
}

static int verb_expect(struct theatre *theatre, const struct statement *statement)
{
	char *const *words = statement->words;
	const unsigned int count = statement->count;
	bool holds = false, known = false;

	if (count == 4 && strcmp(words[1], "same") == 0) {
		known = true;
		if (same_holds(theatre, statement, &holds) < 0)
			return -EBADMSG;
	}
	for (size_t i = 0; !known && count >= 3 && i < EXPECTATION_COUNT; i++) {
		if (strcmp(expectations[i].subject, words[1]) != 0 ||
		    strcmp(expectations[i].what, words[2]) != 0 ||
		    count - 3 < expectations[i].least || count - 3 > expectations[i].most)
			continue;
		known = true;
		holds = expectations[i].holds(theatre, words[2], count > 3 ? words[3] : "");
	}
	if (!known)
		return nonsense(statement->line, "nothing of that kind can be expected");
	if (holds)
		return 0;
	theatre->failures++;
	printf("line %u: NOT as expected:", statement->line);
	for (unsigned int i = 1; i < count; i++)
		printf(" %s", words[i]);
	putchar('\n');
	outcome_tell(theatre);
	(void)fflush(stdout);
	return 0;
}

/* A word that begins with $ is what that is in the environment. */
static int words_expand(struct statement *statement)
{
	for (unsigned int i = 0; i < statement->count; i++) {
		char *value;

		if (statement->words[i][0] != '$')
			continue;
		value = getenv(statement->words[i] + 1);
		if (!value)
			return nonsense(statement->line, "%s is not in the environment",
					statement->words[i]);
		statement->words[i] = value;
	}
	return 0;
}

int theatre_play(struct theatre *theatre, const struct script *script)
{
	static const struct {
		const char *verb;
		int (*play)(struct theatre *theatre, const struct statement *statement);
	} verbs[] = {
		{ "on", verb_on },	     { "forget", verb_forget }, { "open", verb_open },
		{ "deliver", verb_scene },   { "post", verb_scene },	{ "run", verb_scene },
		{ "session", verb_session }, { "send", verb_send },	{ "flood", verb_flood },
		{ "change", verb_change },   { "copy", verb_copy },	{ "tam", verb_tam },
		{ "device", verb_device },   { "wait", verb_wait },	{ "say", verb_say },
		{ "expect", verb_expect },   { "shell", verb_shell },
	};
	const size_t count = sizeof(verbs) / sizeof(verbs[0]);

	for (size_t i = 0; i < script->count; i++) {
		struct statement *statement = &script->statements[i];
		size_t v = 0;
		int rc = words_expand(statement);

		if (rc < 0)
			return rc;

		while (v < count && strcmp(verbs[v].verb, statement->words[0]) != 0)
			v++;
		if (v == count)
			return nonsense(statement->line, "there is no \"%s\"", statement->words[0]);
		rc = verbs[v].play(theatre, statement);
		if (rc < 0)
			return rc;
	}
	return theatre->failures ? 1 : 0;
}
