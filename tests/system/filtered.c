/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program under the system call filter of a unit, as systemd would: the calls whose numbers
 * are given are allowed, all others are EPERM, and no memory becomes executable that was writable
 * (MemoryDenyWriteExecute=).   filtered NUMBER... -- PROGRAM ARGUMENT... */
#define _GNU_SOURCE
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0
#endif

enum { STEPS_MAX = 4000 };
static struct sock_filter steps[STEPS_MAX];
static unsigned short count;

static void step(unsigned short code, unsigned char if_true, unsigned char if_false, unsigned value)
{
    if (count == STEPS_MAX) {
        fprintf(stderr, "filtered: too many calls\n");
        exit(2);
    }
    steps[count++] =
        (struct sock_filter){ .code = code, .jt = if_true, .jf = if_false, .k = value };
}

static void load(size_t offset)
{
    step(BPF_LD | BPF_W | BPF_ABS, 0, 0, (unsigned)offset);
}

static void verdict(unsigned action)
{
    step(BPF_RET | BPF_K, 0, 0, action);
}

/* Refuses call when all bits of mask are set in its third argument. Leaves the call's number. */
static void deny_protection(unsigned call, unsigned mask)
{
    step(BPF_JMP | BPF_JEQ | BPF_K, 0, 5, call);
    load(offsetof(struct seccomp_data, args[2])); /* the low half, little-endian */
    step(BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
    step(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, mask);
    verdict(SECCOMP_RET_ERRNO | 1 /* EPERM */);
    load(offsetof(struct seccomp_data, nr));
}

int main(int argc, char **argv)
{
    struct sock_fprog program = { .filter = steps };
    int at = 1;

    load(offsetof(struct seccomp_data, arch));
    step(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCHITECTURE);
    verdict(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(struct seccomp_data, nr));
    deny_protection(SYS_mmap, PROT_WRITE | PROT_EXEC);
    deny_protection(SYS_mprotect, PROT_EXEC);
    deny_protection(SYS_pkey_mprotect, PROT_EXEC);
    for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
        step(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (unsigned)strtoul(argv[at], NULL, 10));
        verdict(SECCOMP_RET_ALLOW);
    }
    verdict(SECCOMP_RET_ERRNO | 1);
    program.len = count;
    if (ARCHITECTURE == 0 || at + 1 >= argc) {
        fprintf(stderr, "usage: filtered NUMBER... -- PROGRAM ARGUMENT...\n");
        return 2;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("filtered");
        return 77;
    }
    execv(argv[at + 1], argv + at + 1);
    perror(argv[at + 1]);
    return 1;
}
