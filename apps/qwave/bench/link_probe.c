/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "bench/link_probe.h"

#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/aead.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { INTERVAL_US = 2000, LAST_WAIT_US = 500000, FILE_MAX = 256, KEY_LEN = 32 };

struct datagram {
    uint32_t link;
    uint32_t to; /* which end receives it */
    uint8_t sealed[sizeof(uint64_t) + QW_AEAD_OVERHEAD];
};

struct link_probe {
    const struct link_site *ls;
    int fd; /* connected to itself */
    pthread_t sender, receiver;
    atomic_bool ends, is_over;
    uint64_t sent, opened;
};

/* The key after a word at the beginning of a line. */
static bool find_key(const char *text, const char *word, uint8_t key[static KEY_LEN])
{
    const char *at = strstr(text, word);
    char hex[2 * KEY_LEN + 1] = "";
    bool ok = false;

    if (at != NULL && strlen(at + strlen(word)) >= sizeof hex) {
        memcpy(hex, at + strlen(word), sizeof hex - 1);
        ok = qw_hex_decode(hex, key, KEY_LEN) == QW_OK;
    }
    qw_wipe(hex, sizeof hex);
    return ok;
}

static struct qw_bytes aad_of(const struct datagram *d)
{
    return (struct qw_bytes){ d, offsetof(struct datagram, sealed) };
}

/* A word's key from the file of one end. */
static bool read_key(const struct link_site *ls, size_t link, int end, const char *word,
                     uint8_t key[static KEY_LEN])
{
    char path[SITE_FILE_CAP], text[FILE_MAX + 1] = "";
    uint8_t *data = NULL;
    size_t len = 0;
    bool ok = false;

    link_site_file(ls, link, end, path);
    if (qw_file_read_private(path, FILE_MAX, &data, &len) == QW_OK) {
        memcpy(text, data, len);
        text[len] = '\0';
        ok = find_key(text, word, key);
    }
    qw_secret_free(data);
    qw_wipe(text, sizeof text);
    return ok;
}

static void *send_all(void *self)
{
    struct link_probe *p = self;

    for (uint64_t n = 0; !atomic_load(&p->ends); n++) {
        struct datagram d = { .link = (uint32_t)(n / 2 % p->ls->peers), .to = (uint32_t)(n % 2) };
        uint8_t key[KEY_LEN];

        if (read_key(p->ls, d.link, d.to == 0 ? 1 : 0, "use ", key) &&
            qw_aead_seal(QW_AEAD_AES256_GCM, key, aad_of(&d), (const uint8_t *)&n, sizeof n,
                         d.sealed) == QW_OK) {
            (void)!send(p->fd, &d, sizeof d, 0); /* one that is not sent does not arrive either */
        }
        p->sent++;
        qw_wipe(key, sizeof key);
        (void)usleep(INTERVAL_US);
    }
    return NULL;
}

static bool opens(const struct link_probe *p, const struct datagram *d, const char *word)
{
    uint8_t key[KEY_LEN], plain[sizeof(uint64_t)];
    bool ok = read_key(p->ls, d->link, (int)d->to, word, key) &&
              qw_aead_open(QW_AEAD_AES256_GCM, key, aad_of(d), d->sealed, sizeof d->sealed,
                           plain) == QW_OK;

    qw_wipe(key, sizeof key);
    return ok;
}

static void *receive_all(void *self)
{
    struct link_probe *p = self;

    while (!atomic_load(&p->is_over)) {
        struct datagram d;

        if (recv(p->fd, &d, sizeof d, 0) == (ssize_t)sizeof d && d.link < p->ls->peers &&
            (opens(p, &d, "use ") || opens(p, &d, "accept "))) {
            p->opened++;
        }
    }
    return NULL;
}

/* A socket whose datagrams come back to it, over the loopback interface. */
static qw_err open_socket(int *fd)
{
    const struct timeval look = { .tv_usec = 100000 };
    struct sockaddr_in own = { .sin_family = AF_INET };
    socklen_t len = sizeof own;
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (s < 0 || bind(s, (const struct sockaddr *)&own, sizeof own) != 0 ||
        getsockname(s, (struct sockaddr *)&own, &len) != 0 ||
        connect(s, (const struct sockaddr *)&own, sizeof own) != 0 ||
        setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof look) != 0) {
        if (s >= 0) {
            (void)close(s);
        }
        return QW_ERR_IO;
    }
    *fd = s;
    return QW_OK;
}

qw_err link_probe_start(const struct link_site *ls, struct link_probe **probe)
{
    struct link_probe *p = calloc(1, sizeof *p);
    qw_err err = p == NULL ? QW_ERR_NOMEM : open_socket(&p->fd);

    if (err != QW_OK) {
        free(p);
        return err;
    }
    p->ls = ls;
    if (pthread_create(&p->receiver, NULL, receive_all, p) != 0) {
        (void)close(p->fd);
        free(p);
        return QW_ERR_NOMEM;
    }
    if (pthread_create(&p->sender, NULL, send_all, p) != 0) {
        atomic_store(&p->is_over, true);
        pthread_join(p->receiver, NULL);
        (void)close(p->fd);
        free(p);
        return QW_ERR_NOMEM;
    }
    *probe = p;
    return QW_OK;
}

void link_probe_stop(struct link_probe *p, uint64_t *sent, uint64_t *lost)
{
    if (p == NULL) {
        return;
    }
    atomic_store(&p->ends, true);
    pthread_join(p->sender, NULL);
    (void)usleep(LAST_WAIT_US); /* what is on its way */
    atomic_store(&p->is_over, true);
    pthread_join(p->receiver, NULL);
    *sent = p->sent;
    *lost = p->sent - p->opened;
    (void)close(p->fd);
    free(p);
}
