/* SPDX-License-Identifier: MIT */

/*
 * seccomp (seccomp(2)): system calls that the daemon and its libraries do not need are answered
 * with an error. A list of what is allowed would be shorter, but a new version of a library would
 * break it.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "confinement_parts.h"

/* An argument that the kernel reads as an int: the other half of the register is anything. */
#define INT_BITS 0xffffffffU
/* Of the second argument of socket(). */
#define SOCKET_TYPE_BITS 0xfU
/* Calls are numbered alike on all architectures from here on, which begins where Linux 6.6 did. The
 * end is beyond the numbers of x86-64's second ABI, which old kernels take without its mark. */
#define FIRST_NEW_CALL 452
#define LAST_NEW_CALL 547
#define NUMBER(call) (SYS_landlock_create_ruleset - 444 + (call))
/* The argument of clone() with the flags. */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* Landlock does not cover what changes a file without opening it. */
static const char *const refused[] = {
	/* other programs */
	"execve",
	"execveat",
	"fork",
	"vfork",
	/* other processes */
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"process_madvise",
	"process_mrelease",
	"kcmp",
	"pidfd_getfd",
	"move_pages",
	"migrate_pages",
	"tkill",
	"rt_sigqueueinfo",
	"rt_tgsigqueueinfo",
	"pidfd_send_signal",
	"sched_setaffinity",
	"sched_setattr",
	"sched_setparam",
	"sched_setscheduler",
	"setpriority",
	"ioprio_set",
	"shmget",
	"shmat",
	"shmctl",
	"semget",
	"semctl",
	"msgget",
	"msgctl",
	"ipc",
	"mq_open",
	"mq_unlink",
	/* file systems and namespaces */
	"mount",
	"umount",
	"umount2",
	"pivot_root",
	"chroot",
	"move_mount",
	"open_tree",
	"fsopen",
	"fsconfig",
	"fsmount",
	"fspick",
	"mount_setattr",
	"unshare",
	"setns",
	"quotactl",
	"quotactl_fd",
	"fanotify_init",
	"name_to_handle_at",
	"open_by_handle_at",
	/* a file's mode, owner, times and attributes, by its name; fchmod() stays */
	"chmod",
	"fchmodat",
	"chown",
	"lchown",
	"fchown",
	"fchownat",
	"chown32",
	"lchown32",
	"fchown32",
	"utime",
	"utimes",
	"utimensat",
	"utimensat_time64",
	"futimesat",
	"setxattr",
	"lsetxattr",
	"fsetxattr",
	"removexattr",
	"lremovexattr",
	"fremovexattr",
	"truncate",
	"truncate64",
	"mknod",
	"mknodat",
	/* the network */
	"bind",
	"listen",
	/* the kernel */
	"add_key",
	"keyctl",
	"request_key",
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"memfd_create",
	"memfd_secret",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"io_setup",
	"init_module",
	"finit_module",
	"delete_module",
	"kexec_load",
	"kexec_file_load",
	"reboot",
	"swapon",
	"swapoff",
	"acct",
	"syslog",
	"settimeofday",
	"clock_settime",
	"clock_settime64",
	"adjtimex",
	"clock_adjtime",
	"clock_adjtime64",
	"sethostname",
	"setdomainname",
	"iopl",
	"ioperm",
	"vhangup",
	"personality",
	"modify_ldt",
	"vm86",
	"vm86old",
};

/* What has its arguments in memory, where seccomp cannot look. libc does without. */
static const char *const unknown[] = {"clone3", "openat2"};

struct filter {
	scmp_filter_ctx context;
	int error; /* the first, negative errno */
};

/* Making the filter took a quarter of a megabyte, as much as all else that this process has, and
 * 70 KiB of stack. Nobody uses either again, and the kernel gets them back. Two pages of the stack
 * stay for this function and what it calls. */
static void return_memory(void)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(page - 1);

	(void)malloc_trim(0);
	(void)madvise((void *)(here - 18 * page), 16 * page, MADV_DONTNEED);
}

static void filter_done(struct filter *filter)
{
	if (filter->context)
		seccomp_release(filter->context);
	return_memory();
}

/* Refuses the call NUMBER where all CONDITIONS are true. After an error nothing is added any more.
 */
static void add_rule(struct filter *filter, int errnum, int number, unsigned count,
		     const struct scmp_arg_cmp *conditions)
{
	if (!filter->error && number != __NR_SCMP_ERROR)
		filter->error =
			seccomp_rule_add_array(filter->context, SCMP_ACT_ERRNO((unsigned)errnum),
					       number, count, conditions);
}

/* What this libseccomp does not know by name is newer than it: see refuse_new(). */
static void refuse(struct filter *filter, const char *name, int errnum)
{
	add_rule(filter, errnum, seccomp_syscall_resolve_name(name), 0, NULL);
}

/* Refuses NAME if CONDITION is true, and OTHER too if there is one. */
static void refuse_if(struct filter *filter, const char *name, int errnum,
		      struct scmp_arg_cmp condition, const struct scmp_arg_cmp *other)
{
	struct scmp_arg_cmp conditions[] = {condition, other ? *other : condition};

	add_rule(filter, errnum, seccomp_syscall_resolve_name(name), other ? 2 : 1, conditions);
}

/* What came to Linux later than this file may undo what is refused here under another name. */
static void refuse_new(struct filter *filter)
{
	for (int call = FIRST_NEW_CALL; call <= LAST_NEW_CALL; call++)
		add_rule(filter, ENOSYS, NUMBER(call), 0, NULL);
}

/* IPv4, IPv6, and Unix datagrams, by which systemd is told that the service is ready. A Unix stream
 * would reach the bus, and the agents that keep keys. */
static void refuse_sockets(struct filter *filter)
{
	const struct scmp_arg_cmp stream =
		SCMP_A1_64(SCMP_CMP_MASKED_EQ, SOCKET_TYPE_BITS, SOCK_STREAM);

	for (unsigned family = 0; family < AF_INET6; family++)
		if (family != AF_UNIX && family != AF_INET)
			refuse_if(filter, "socket", EAFNOSUPPORT,
				  SCMP_A0_64(SCMP_CMP_MASKED_EQ, INT_BITS, family), NULL);
	refuse_if(filter, "socket", EAFNOSUPPORT, SCMP_A0_64(SCMP_CMP_GT, AF_INET6, 0), NULL);
	for (unsigned type = 0; type <= SOCKET_TYPE_BITS; type++)
		if (type != SOCK_STREAM && type != SOCK_DGRAM)
			refuse_if(filter, "socket", EAFNOSUPPORT,
				  SCMP_A1_64(SCMP_CMP_MASKED_EQ, SOCKET_TYPE_BITS, type), NULL);
	refuse_if(filter, "socket", EAFNOSUPPORT, SCMP_A0_64(SCMP_CMP_MASKED_EQ, INT_BITS, AF_UNIX),
		  &stream);
}

/* Threads are allowed, processes and namespaces are not. */
static void refuse_clone(struct filter *filter)
{
	static const unsigned namespaces[] = {CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
					      CLONE_NEWIPC, CLONE_NEWUSER,   CLONE_NEWPID,
					      CLONE_NEWNET};

	refuse_if(filter, "clone", EPERM,
		  SCMP_CMP64(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0), NULL);
	for (size_t n = 0; n < sizeof(namespaces) / sizeof(namespaces[0]); n++)
		refuse_if(filter, "clone", EPERM,
			  SCMP_CMP64(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, namespaces[n], namespaces[n]),
			  NULL);
}

/* Memory that can be written, or is shared, is never run. */
static void refuse_memory(struct filter *filter)
{
	static const char *const mappings[] = {"mmap", "mmap2"};
	static const char *const changes[] = {"mprotect", "pkey_mprotect"};
	const struct scmp_arg_cmp shared = SCMP_A3_64(SCMP_CMP_MASKED_EQ, MAP_SHARED, MAP_SHARED);

	for (size_t n = 0; n < 2; n++) {
		refuse_if(filter, mappings[n], EPERM,
			  SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC,
				     PROT_WRITE | PROT_EXEC),
			  NULL);
		refuse_if(filter, mappings[n], EPERM,
			  SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC), &shared);
		refuse_if(filter, changes[n], EPERM,
			  SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC), NULL);
	}
}

/* Of other processes, and of the terminal that the daemon was started from: what is typed there. */
static void refuse_others(struct filter *filter)
{
	const unsigned pid = (unsigned)getpid();
	struct scmp_arg_cmp not_us = SCMP_A0_64(SCMP_CMP_NE, pid, 0);

	refuse_if(filter, "kill", EPERM, not_us, NULL);
	refuse_if(filter, "tgkill", EPERM, not_us, NULL);
	refuse_if(filter, "prlimit64", EPERM, SCMP_A0_64(SCMP_CMP_NE, 0, 0), NULL);
	refuse_if(filter, "ioctl", EPERM, SCMP_A1_64(SCMP_CMP_MASKED_EQ, INT_BITS, TIOCSTI), NULL);
	refuse_if(filter, "ioctl", EPERM, SCMP_A1_64(SCMP_CMP_MASKED_EQ, INT_BITS, TIOCLINUX),
		  NULL);
}

/* Landlock sees no truncation before its version 3. */
static void refuse_truncation(struct filter *filter)
{
	const unsigned bits = O_ACCMODE | O_TRUNC;

	refuse_if(filter, "open", EPERM, SCMP_A1_64(SCMP_CMP_MASKED_EQ, bits, O_TRUNC), NULL);
	refuse_if(filter, "openat", EPERM, SCMP_A2_64(SCMP_CMP_MASKED_EQ, bits, O_TRUNC), NULL);
}

static void fill(struct filter *filter)
{
	/* A tree instead of a list: the filter is asked at each system call. */
	(void)seccomp_attr_set(filter->context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	/* The system calls of the machine's other architectures. */
	filter->error =
		seccomp_attr_set(filter->context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	for (size_t n = 0; n < sizeof(refused) / sizeof(refused[0]); n++)
		refuse(filter, refused[n], EPERM);
	for (size_t n = 0; n < sizeof(unknown) / sizeof(unknown[0]); n++)
		refuse(filter, unknown[n], ENOSYS);
	refuse_new(filter);
	refuse_sockets(filter);
	refuse_clone(filter);
	refuse_memory(filter);
	refuse_others(filter);
	refuse_truncation(filter);
}

int confinement_of_calls(bool *ret_has, struct err_detail *detail)
{
	_cleanup_(filter_done) struct filter filter = {0};

	/* A kernel that has it says that this filter is nowhere. libseccomp does not tell why it
	 * fails. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0 && errno != EFAULT)
		return 0;
	filter.context = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter.context)
		return err_set(detail, ERR_NOMEM, "no memory for the filter of system calls");
	fill(&filter);
	if (!filter.error)
		filter.error = seccomp_load(filter.context);
	if (filter.error)
		return err_set(detail, err_from_errno(-filter.error),
			       "the daemon cannot be confined by seccomp: %s; to run it without, "
			       "write `confinement = no` in the section [daemon] of the config",
			       strerror(-filter.error));
	*ret_has = true;
	return 0;
}
