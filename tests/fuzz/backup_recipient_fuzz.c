/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: store */
#define _POSIX_C_SOURCE 200809L
/* Backups for who has a private key, in both forms: one-time point, or SM2 ciphertext, and chunks.
 */
#include "crypto/recipient.h"
#include "store/backup_file.h"

#include <stdlib.h>
#include <string.h>

/* Of this test alone. */
static const char *const keys[] = {
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgA1EurAJwhR+3xTyP\n"
    "/cYlEhKnG6UOs2jaP0u0HJq//OyhRANCAAQsPHJsRFMFnlWmYmyoYjYAp9I/6oxG\n"
    "6aiMqxZoTE7Rk0X7PbBXBapxTUMgFHx8Wvr0jYMYAyFd2n8zfmzO0oXB\n"
    "-----END PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQg1lXf0H/iKT7yN7hE\n"
    "5hMrJ5ur6ZFOVVcd1CMINdT64GWhRANCAARDeNLUOwwSiF8n7zNudFrSUVLQGBCd\n"
    "i2h+1pnOdBTtoAs5zFDiyc4zwpoqFlZ5fMA6/M+TqKGyFaJr33/x1Vhi\n"
    "-----END PRIVATE KEY-----\n",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && size > 0; i++) {
        struct qw_recipient *recipient = NULL;
        struct qw_backup_lock lock = { .passphrase = NULL };
        struct qw_backup_head head;
        FILE *from = fmemopen((void *)(uintptr_t)data, size, "r");
        FILE *to = fopen("/dev/null", "w");

        if (from != NULL && to != NULL &&
            qw_recipient_read(keys[i], strlen(keys[i]), &recipient) == QW_OK) {
            lock.recipient = recipient;
            (void)!qw_backup_open(&lock, from, to, &head);
        }
        qw_recipient_free(recipient);
        if (from != NULL) {
            fclose(from);
        }
        if (to != NULL) {
            fclose(to);
        }
    }
    return 0;
}
