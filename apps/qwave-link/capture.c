/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "capture.h"

#include "base/spool.h"
#include "link/prove/packet_finder.h"
#include "link/prove/pcap.h"
#include "prove_print.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void pass_over(int number)
{
    (void)number;
}

/* Ctrl-C reaches the writer of the pipe as well: it ends the capture, and then comes its proof. A
 * second one ends this program. */
static qw_err fill(int from, const char *folder, int *spool)
{
    struct sigaction once = { .sa_handler = pass_over, .sa_flags = (int)SA_RESETHAND };
    struct sigaction before;
    qw_err err;

    sigemptyset(&once.sa_mask);
    (void)sigaction(SIGINT, &once, &before);
    err = qw_spool_fill(from, folder, spool);
    (void)sigaction(SIGINT, &before, NULL);
    return err;
}

static qw_err spool_of(int from, const char *path, int *spool)
{
    const char *folder = qw_spool_folder();
    char what[512];
    qw_err err = fill(from, folder, spool);

    if (err == QW_OK) {
        return QW_OK;
    }
    snprintf(what, sizeof what, "%s in %.400s: TMPDIR may name another folder",
             err == QW_ERR_SPACE       ? "what comes through the pipe finds no room"
             : err == QW_ERR_NOT_FOUND ? "what comes through the pipe needs a file, and none can be"
                                       : "what comes through the pipe cannot be kept",
             folder);
    return prove_complain(path, what, QW_ERR_UNAVAILABLE);
}

/* The open file itself, or its spool in the place of it. */
static qw_err make_readable_twice(const char *path, int *fd)
{
    struct stat info;
    int spool = -1;
    qw_err err;

    if (fstat(*fd, &info) != 0) {
        return prove_complain(path, strerror(errno), QW_ERR_IO);
    }
    if (S_ISREG(info.st_mode)) {
        return QW_OK;
    }
    if (S_ISDIR(info.st_mode)) {
        return prove_complain(path, strerror(EISDIR), QW_ERR_IO);
    }
    err = spool_of(*fd, path, &spool);
    if (err == QW_OK) {
        close(*fd);
        *fd = spool;
    }
    return err;
}

qw_err capture_open(const char *path, FILE **out)
{
    int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                    : open(path, O_RDONLY | O_CLOEXEC);
    FILE *file = NULL;
    qw_err err;

    if (fd < 0) {
        return prove_complain(path, strerror(errno), QW_ERR_NOT_FOUND);
    }
    err = make_readable_twice(path, &fd);
    if (err == QW_OK && (file = fdopen(fd, "rb")) == NULL) {
        err = prove_complain(path, strerror(errno), QW_ERR_IO);
    }
    if (err != QW_OK) {
        close(fd);
        return err;
    }
    *out = file;
    return QW_OK;
}

static size_t read_file(void *self, uint8_t *out, size_t len)
{
    return fread(out, 1, len, self);
}

/* What one captured packet makes. */
static qw_err take_packet(const struct qw_pcap_packet *packet, struct qw_packet_finder *finder,
                          const struct capture_walk *walk)
{
    struct qw_packet found;
    qw_err err = qw_packet_finder_give(finder, packet->link_type, packet->data, packet->len);

    if (err != QW_OK) {
        char what[64];

        snprintf(what, sizeof what, "link type %u is not supported", (unsigned)packet->link_type);
        return prove_complain(walk->path, what, err);
    }
    while (err == QW_OK && qw_packet_finder_next(finder, &found)) {
        err = walk->take(walk->self, &found);
    }
    return err == QW_OK ? QW_OK : prove_complain(walk->path, qw_err_text(err), err);
}

static qw_err take_all(struct qw_pcap *pcap, struct qw_packet_finder *finder,
                       struct capture_walk *walk)
{
    struct qw_pcap_packet packet;
    struct qw_packet rest;
    qw_err err = QW_OK;
    qw_err taken = QW_OK;

    while (taken == QW_OK && (err = qw_pcap_next(pcap, &packet)) == QW_OK) {
        taken = take_packet(&packet, finder, walk);
    }
    walk->is_truncated = err == QW_ERR_CLOSED;
    if (taken == QW_OK && err != QW_ERR_NOT_FOUND && err != QW_ERR_CLOSED) {
        return prove_complain(walk->path, "damaged capture file", err);
    }
    while (taken == QW_OK && qw_packet_finder_rest(finder, &rest)) {
        taken = walk->take(walk->self, &rest);
    }
    return taken;
}

qw_err capture_read(FILE *capture, struct capture_walk *walk)
{
    const struct qw_pcap_input input = { capture, read_file };
    struct qw_packet_finder *finder = NULL;
    struct qw_pcap *pcap = NULL;
    qw_err err;

    rewind(capture);
    err = qw_pcap_open(&input, &pcap);
    if (err == QW_OK) {
        err = qw_packet_finder_new(walk->ports, &finder);
        err = err == QW_OK ? take_all(pcap, finder, walk) : err;
        qw_packet_finder_free(finder);
    } else {
        (void)prove_complain(
            walk->path, err == QW_ERR_FORMAT ? "no pcap or pcapng file" : qw_err_text(err), err);
    }
    if (err == QW_OK && ferror(capture) != 0) {
        err = prove_complain(walk->path, qw_err_text(QW_ERR_IO), QW_ERR_IO);
    }
    qw_pcap_close(pcap);
    return err;
}
