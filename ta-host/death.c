/* The C library's checked siglongjmp() asks the kernel about signal stacks, which the sandbox does
 * not allow. The one here leaves a handler for the function that it interrupted, and needs none. */
#undef _FORTIFY_SOURCE

#include "death.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "loader/loader.h"
#include "loader/stack.h"
#include "wire/message.h"

#define PAGE 4096U
/* Status of a process that reported its own end; the report says what it was. */
#define STATUS_PANIC  70
#define STATUS_SIGNAL 128

struct death_context death_context;

static const int watched[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS };

static sigjmp_buf probe_return;
static volatile sig_atomic_t probing;

/* Not on a stack that may have overflowed. */
static struct message_death last_words;
static volatile sig_atomic_t dying;
static const struct stack_thread *ta_thread;

static _Unwind_Reason_Code frame_collect(struct _Unwind_Context *context, void *arg)
{
	struct message_death *death = arg;

	if (death->frames >= MESSAGE_DEATH_FRAMES)
		return _URC_END_OF_STACK;
	death->frame[death->frames++] = _Unwind_GetIP(context);
	return _URC_NO_REASON;
}

/* The frames above the one that died are the handler's own. */
static void frames_from(struct message_death *death, uint64_t pc)
{
	for (uint32_t i = 0; i < death->frames; i++) {
		if (death->frame[i] != pc)
			continue;
		death->frames -= i;
		memmove(death->frame, death->frame + i, death->frames * sizeof(death->frame[0]));
		return;
	}
}

static void last_words_begin(uint32_t kind, uint32_t code)
{
	last_words.header.type = MESSAGE_DEATH;
	last_words.kind = kind;
	last_words.code = code;
	last_words.op = death_context.op;
	last_words.cmd = death_context.cmd;
	last_words.session = death_context.session;
}

static void last_words_send(void)
{
	(void)send(MESSAGE_HOST_CONTROL_FD, &last_words, sizeof(last_words), MSG_NOSIGNAL);
}

/* Where a call to nowhere came from: nobody knows how to unwind from there, but what the call left
 * on the stack says where it was to return to. */
static void call_undo(ucontext_t *context)
{
#if defined(__x86_64__)
	greg_t *registers = context->uc_mcontext.gregs;
	const uint64_t *top = (const uint64_t *)registers[REG_RSP];

	if (!death_probe(top, sizeof(*top), false))
		return;
	registers[REG_RIP] = (greg_t)*top;
	registers[REG_RSP] += (greg_t)sizeof(*top);
#elif defined(__aarch64__)
	context->uc_mcontext.pc = context->uc_mcontext.regs[30];
#endif
}

static uint64_t program_counter(const ucontext_t *context)
{
#if defined(__x86_64__)
	return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return context->uc_mcontext.pc;
#endif
}

static bool is_loaded(uint64_t address)
{
	for (uint32_t i = 0; i < last_words.modules; i++)
		if (address - last_words.module[i].base < last_words.module[i].size)
			return true;
	return false;
}

static void signal_describe(int number, const siginfo_t *info, ucontext_t *context)
{
	last_words_begin(number == SIGSYS ? MESSAGE_DEATH_SANDBOX : MESSAGE_DEATH_SIGNAL,
			 (uint32_t)(number == SIGSYS ? info->si_syscall : number));
	last_words.signal_code = info->si_code;
	last_words.address =
		(uint64_t)(uintptr_t)(number == SIGSYS ? info->si_call_addr : info->si_addr);
	if (number == SIGSEGV && stack_thread_overflowed(ta_thread, info->si_addr))
		last_words.flags |= MESSAGE_DEATH_STACK_OVERFLOW;
	last_words.pc = program_counter(context);
	if (is_loaded(last_words.pc))
		last_words.flags |= MESSAGE_DEATH_FRAME_EXACT;
	else
		call_undo(context);
}

static void on_signal(int number, siginfo_t *info, void *arg)
{
	ucontext_t *context = arg;

	if (probing && (number == SIGSEGV || number == SIGBUS))
		siglongjmp(probe_return, 1);
	if (dying) {
		/* The unwinder died over a ruined stack: go without what it did not find. */
		last_words_send();
		_exit(STATUS_SIGNAL + number);
	}
	dying = 1;
	signal_describe(number, info, context);
	(void)_Unwind_Backtrace(frame_collect, &last_words);
	frames_from(&last_words, program_counter(context));
	last_words_send();
	_exit(STATUS_SIGNAL + number);
}

int death_watch(const struct stack_thread *thread)
{
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	ta_thread = thread;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
		if (sigaction(watched[i], &action, NULL) < 0)
			return -errno;
	/* The unwinder sets itself up at its first use, which must not be in a handler. */
	(void)_Unwind_Backtrace(frame_collect, &last_words);
	last_words.frames = 0;
	return 0;
}

static void build_id_note(struct message_module *module, const struct dl_phdr_info *info,
			  const ElfW(Phdr) * notes)
{
	const uint8_t *at = (const uint8_t *)(info->dlpi_addr + notes->p_vaddr);
	size_t left = notes->p_memsz;

	while (left >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)at;
		size_t name = (note->n_namesz + 3U) & ~(size_t)3;
		size_t size = sizeof(*note) + name + ((note->n_descsz + 3U) & ~(size_t)3);

		if (size > left)
			return;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof(ELF_NOTE_GNU) &&
		    !memcmp(note + 1, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) &&
		    note->n_descsz <= sizeof(module->build_id)) {
			module->build_id_size = note->n_descsz;
			memcpy(module->build_id, at + sizeof(*note) + name, note->n_descsz);
		}
		at += size;
		left -= size;
	}
}

static const struct loaded_image *library_at(const struct loaded_ta *ta, uint64_t base)
{
	for (size_t i = 0; i < LOADER_LIBRARIES_MAX; i++)
		if (ta->library[i].handle && ta->library[i].map->l_addr == base)
			return &ta->library[i];
	return NULL;
}

static int module_note(struct dl_phdr_info *info, size_t size, void *arg)
{
	const struct loaded_ta *ta = arg;
	const struct loaded_image *library;
	struct message_module *module = &last_words.module[last_words.modules];

	(void)size;
	if (last_words.modules == MESSAGE_DEATH_MODULES)
		return 1;
	module->base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uint64_t end = header->p_vaddr + header->p_memsz;

		if (header->p_type == PT_LOAD && end > module->size)
			module->size = end;
		if (header->p_type == PT_NOTE)
			build_id_note(module, info, header);
	}
	library = library_at(ta, module->base);
	strncpy(module->name, info->dlpi_name, sizeof(module->name) - 1);
	if (module->base == ta->image.map->l_addr) {
		module->kind = MESSAGE_MODULE_TA;
		last_words.image_base = module->base;
		last_words.image_size = module->size;
	} else if (last_words.modules == 0) {
		module->kind = MESSAGE_MODULE_HOST; /* the program itself is the first */
	} else if (library) {
		module->kind = MESSAGE_MODULE_TA_LIBRARY;
		uuid_format(&library->uuid, module->name);
	}
	last_words.modules++;
	return 0;
}

void death_note_modules(const struct loaded_ta *ta)
{
	(void)dl_iterate_phdr(module_note, (void *)ta);
}

void death_by_panic(uint32_t code, const char *reason, const void *caller)
{
	last_words_begin(MESSAGE_DEATH_PANIC, code);
	if (reason)
		strncpy(last_words.reason, reason, sizeof(last_words.reason) - 1);
	dying = 1;
	(void)_Unwind_Backtrace(frame_collect, &last_words);
	frames_from(&last_words, (uint64_t)(uintptr_t)caller);
	last_words_send();
	_exit(STATUS_PANIC);
}

bool death_probe(const void *address, size_t size, bool write)
{
	uintptr_t from = (uintptr_t)address & ~(uintptr_t)(PAGE - 1);
	uintptr_t last;

	if (!size)
		return true;
	if (size - 1 > UINTPTR_MAX - (uintptr_t)address)
		return false;
	last = (uintptr_t)address + size - 1;
	if (sigsetjmp(probe_return, 0)) {
		probing = 0;
		return false;
	}
	probing = 1;
	for (uintptr_t page = from; page <= last; page += PAGE) {
		uint8_t *octet = (uint8_t *)(page < (uintptr_t)address ? (uintptr_t)address : page);

		if (write)
			(void)__atomic_fetch_or(octet, 0, __ATOMIC_RELAXED);
		else
			(void)*(volatile uint8_t *)octet;
		if (page > UINTPTR_MAX - PAGE)
			break;
	}
	probing = 0;
	return true;
}
