/* SPDX-License-Identifier: Apache-2.0 */
/* tpm_extend SOCKET NUMBER|ready: one command straight to the socket of swtpm, as another program
 * on the machine would send it. Extends a register, or only waits until the TPM answers. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* TPM2_PCR_Extend with an empty password and one SHA-256 digest. */
static const uint8_t extend[65] = { 0x80, 0x02, 0, 0, 0, 65, 0,    0, 0x01, 0x82, 0, 0,
                                    0,    0,    0, 0, 0, 9,  0x40, 0, 0,    0x09, 0, 0,
                                    0,    0,    0, 0, 0, 0,  1,    0, 0x0b, 'c' };
/* TPM2_SelfTest of what has not been tested yet. */
static const uint8_t self_test[11] = { 0x80, 0x01, 0, 0, 0, 11, 0, 0, 0x01, 0x43, 0 };

static int connect_to(const char *path)
{
    const struct timespec step = { .tv_nsec = 20000000L };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    for (int i = 0; fd >= 0 && i < 3000; i++) {
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
            return fd;
        }
        nanosleep(&step, NULL);
    }
    return -1;
}

int main(int argc, char **argv)
{
    uint8_t command[sizeof extend];
    uint8_t answer[64];
    size_t len = sizeof extend;
    int fd;

    if (argc != 3) {
        return 2;
    }
    memcpy(command, extend, sizeof extend);
    command[13] = (uint8_t)strtoul(argv[2], NULL, 10);
    if (strcmp(argv[2], "ready") == 0) {
        memcpy(command, self_test, sizeof self_test);
        len = sizeof self_test;
    }
    fd = connect_to(argv[1]);
    if (fd < 0 || write(fd, command, len) != (ssize_t)len || read(fd, answer, sizeof answer) < 10) {
        fprintf(stderr, "no answer at %s\n", argv[1]);
        return 1;
    }
    close(fd);
    return answer[6] == 0 && answer[7] == 0 && answer[8] == 0 && answer[9] == 0 ? 0 : 1;
}
