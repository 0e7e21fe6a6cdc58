/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for compiler attributes and builtins, as trusted application sources spell them.
 *
 * Every name is guarded, because a TA here is compiled against the system's C library, whose own
 * headers may have defined one of them first and with the same meaning.
 */
#ifndef COMPILER_H
#define COMPILER_H

#ifndef __deprecated
#define __deprecated __attribute__((__deprecated__))
#endif
#ifndef __packed
#define __packed __attribute__((__packed__))
#endif
#ifndef __weak
#define __weak __attribute__((__weak__))
#endif
#ifndef __alias
#define __alias(name) __attribute__((__alias__(name)))
#endif
#ifndef __noreturn
#define __noreturn __attribute__((__noreturn__))
#endif
#ifndef __pure
#define __pure __attribute__((__pure__))
#endif
#ifndef __aligned
#define __aligned(bytes) __attribute__((__aligned__(bytes)))
#endif
#ifndef __printf
#define __printf(fmt, first) __attribute__((__format__(__printf__, fmt, first)))
#endif
#ifndef __noinline
#define __noinline __attribute__((__noinline__))
#endif
#ifndef __attr_const
#define __attr_const __attribute__((__const__))
#endif
#ifndef __unused
#define __unused __attribute__((__unused__))
#endif
#ifndef __maybe_unused
#define __maybe_unused __attribute__((__unused__))
#endif
#ifndef __used
#define __used __attribute__((__used__))
#endif
#ifndef __must_check
#define __must_check __attribute__((__warn_unused_result__))
#endif
#ifndef __cold
#define __cold __attribute__((__cold__))
#endif
#ifndef __hidden
#define __hidden __attribute__((__visibility__("hidden")))
#endif
#ifndef __exported
#define __exported __attribute__((__visibility__("default")))
#endif
#ifndef __section
#define __section(name) __attribute__((__section__(name)))
#endif
/* No __data and __bss here: the C and C++ libraries have members of that name. */
#ifndef __noprof
#define __noprof __attribute__((__no_instrument_function__))
#endif
#ifndef __nostackcheck
#define __nostackcheck __attribute__((__no_instrument_function__))
#endif
#ifndef __no_stack_protector
#if defined(__has_attribute)
#if __has_attribute(__no_stack_protector__)
#define __no_stack_protector __attribute__((__no_stack_protector__))
#endif
#endif
#ifndef __no_stack_protector
#define __no_stack_protector
#endif
#endif
#ifndef __fallthrough
#ifdef __cplusplus
#define __fallthrough [[fallthrough]]
#else
#define __fallthrough __attribute__((__fallthrough__))
#endif
#endif

#ifndef likely
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

#define __GCC_VERSION			   (__GNUC__ * 10000 + __GNUC_MINOR__ * 100 + __GNUC_PATCHLEVEL__)

#define __HAVE_BUILTIN_OVERFLOW		   1
#define __compiler_add_overflow(a, b, res) __builtin_add_overflow((a), (b), (res))
#define __compiler_sub_overflow(a, b, res) __builtin_sub_overflow((a), (b), (res))
#define __compiler_mul_overflow(a, b, res) __builtin_mul_overflow((a), (b), (res))

#define __compiler_bswap16(x)		   __builtin_bswap16((x))
#define __compiler_bswap32(x)		   __builtin_bswap32((x))
#define __compiler_bswap64(x)		   __builtin_bswap64((x))

#define __compiler_compare_and_swap(p, oval, nval) \
	__atomic_compare_exchange_n((p), (oval), (nval), 1, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
#define __compiler_atomic_load(p)	__atomic_load_n((p), __ATOMIC_RELAXED)
#define __compiler_atomic_store(p, val) __atomic_store_n((p), (val), __ATOMIC_RELAXED)

#ifndef barrier
#define barrier() __asm__ volatile("" : : : "memory")
#endif

#endif /* COMPILER_H */
