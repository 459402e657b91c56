/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SUPPORT_SOFTHSM_TOKEN_H
#define QW_TESTS_SUPPORT_SOFTHSM_TOKEN_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A softhsm2 token in a folder of its own, reached through tests/support/pkcs11_shim.c. Include in
 * the one file of a test program, after cmocka.h; PKCS11_SHIM is the path of that module. */
#define SOFTHSM_PIN "654321"

static char softhsm_folder[] = "/tmp/qwave-token-XXXXXX";
static int *shim_fail_nth, *shim_dies, *shim_is_away;

static inline bool softhsm_is_there(void)
{
    return access("/usr/lib/softhsm/libsofthsm2.so", R_OK) == 0 &&
           access("/usr/bin/softhsm2-util", X_OK) == 0;
}

/* The folder, or the label of a token, is $1. */
static inline int softhsm_run(const char *line, const char *argument)
{
    char command[512];

    snprintf(command, sizeof command, "set -- '%s'; %s", argument, line);
    return system(command);
}

static inline void softhsm_empty(void)
{
    (void)!softhsm_run("rm -rf \"$1/tokens\"", softhsm_folder);
    assert_int_equal(softhsm_run("mkdir \"$1/tokens\"", softhsm_folder), 0);
}

static inline void softhsm_token(const char *label)
{
    assert_int_equal(
        softhsm_run("softhsm2-util --init-token --free --label \"$1\" --so-pin 12345678 "
                    "--pin " SOFTHSM_PIN " >/dev/null 2>&1",
                    label),
        0);
}

/* Once per program. */
static inline void softhsm_begin(void)
{
    char conf[64];
    FILE *file;
    void *shim = dlopen(PKCS11_SHIM, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

    assert_non_null(shim);
    *(void **)&shim_fail_nth = dlsym(shim, "shim_fail_nth");
    *(void **)&shim_dies = dlsym(shim, "shim_dies");
    *(void **)&shim_is_away = dlsym(shim, "shim_is_away");
    assert_true(shim_fail_nth != NULL && shim_dies != NULL && shim_is_away != NULL);
    assert_non_null(mkdtemp(softhsm_folder));
    snprintf(conf, sizeof conf, "%s/conf", softhsm_folder);
    file = fopen(conf, "w");
    assert_non_null(file);
    fprintf(file, "directories.tokendir = %s/tokens\nlog.level = ERROR\n", softhsm_folder);
    fclose(file);
    setenv("SOFTHSM2_CONF", conf, 1);
}

static inline void softhsm_end(void)
{
    (void)!softhsm_run("rm -rf \"$1\"", softhsm_folder);
}

#endif
