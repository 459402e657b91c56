/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "passphrase.h"

#include "base/passphrase_file.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { CONTROL_C = 3, CONTROL_D = 4, BACKSPACE = 8, CONTROL_U = 21, DELETE = 127 };

static void say(int terminal, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t count = write(terminal, text, left);

        if (count < 0 && errno != EINTR) {
            return; /* who cannot read the question still may type */
        }
        if (count > 0) {
            text += count;
            left -= (size_t)count;
        }
    }
}

/* A line of at most cap bytes, into secret memory: the terminal's own line editing would keep it in
 * the kernel as long as the terminal lives. One that is longer is not cut but refused. */
static qw_err read_line(int terminal, uint8_t *line, size_t cap, size_t *len)
{
    bool is_too_long = false;

    *len = 0;
    for (;;) {
        uint8_t key;
        ssize_t count = read(terminal, &key, 1);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return QW_ERR_IO;
        }
        if (count == 0 || key == CONTROL_C || key == CONTROL_D) {
            return QW_ERR_CLOSED;
        }
        if (key == '\r' || key == '\n') {
            return is_too_long ? QW_ERR_FORMAT : QW_OK;
        }
        if (key == CONTROL_U) {
            *len = 0;
            is_too_long = false;
        } else if (key == BACKSPACE || key == DELETE) {
            *len -= *len > 0 ? 1 : 0;
        } else if (*len < cap) {
            line[(*len)++] = key;
        } else {
            is_too_long = true;
        }
        qw_wipe(&key, sizeof key);
    }
}

static qw_err ask_once(int terminal, const char *question, const char *what, uint8_t *line,
                       size_t *len)
{
    qw_err err;

    say(terminal, question);
    say(terminal, what);
    say(terminal, ": ");
    err = read_line(terminal, line, QW_PASSPHRASE_MAX, len);
    say(terminal, "\r\n");
    if (err == QW_OK && *len < QW_PASSPHRASE_MIN) {
        err = QW_ERR_FORMAT;
    }
    return err;
}

static qw_err ask(int terminal, const char *what, bool is_new, uint8_t *first, size_t *len)
{
    uint8_t *second = NULL;
    size_t second_len = 0;
    qw_err err = ask_once(terminal, "Passphrase of the ", what, first, len);

    if (err != QW_OK || !is_new) {
        return err;
    }
    second = qw_secret_new(QW_PASSPHRASE_MAX);
    err = second == NULL ? QW_ERR_NOMEM
                         : ask_once(terminal, "Once more, of the ", what, second, &second_len);
    if (err == QW_OK && (second_len != *len || !qw_equal_ct(first, second, *len))) {
        err = QW_ERR_CONFLICT;
    }
    qw_secret_free(second);
    return err;
}

qw_err passphrase_ask(int terminal, const char *what, bool is_new, uint8_t **passphrase,
                      size_t *len)
{
    struct termios before, quiet;
    sigset_t signals, old_signals;
    uint8_t *line;
    qw_err err;

    if (tcgetattr(terminal, &before) != 0) {
        return QW_ERR_UNAVAILABLE;
    }
    line = qw_secret_new(QW_PASSPHRASE_MAX);
    if (line == NULL) {
        return QW_ERR_NOMEM;
    }
    quiet = before;
    quiet.c_lflag &= (tcflag_t) ~(ECHO | ECHONL | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    /* Nobody ends the process while the terminal is mute. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGTSTP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, &old_signals);
    err = tcsetattr(terminal, TCSAFLUSH, &quiet) == 0 ? ask(terminal, what, is_new, line, len)
                                                      : QW_ERR_UNAVAILABLE;
    (void)tcsetattr(terminal, TCSAFLUSH, &before);
    (void)pthread_sigmask(SIG_SETMASK, &old_signals, NULL);
    if (err == QW_OK) {
        *passphrase = line;
    } else {
        qw_secret_free(line);
    }
    return err;
}

static const char *text_of(qw_err err)
{
    switch (err) {
    case QW_ERR_UNAVAILABLE:
        return "no terminal to type it at; --passphrase-file names a file";
    case QW_ERR_CLOSED:
        return "not typed";
    case QW_ERR_FORMAT:
        return "a passphrase has 12 to 1024 bytes";
    case QW_ERR_CONFLICT:
        return "the two differ";
    default:
        return qw_err_text(err);
    }
}

qw_err passphrase_get(const char *path, const char *what, bool is_new, uint8_t **passphrase,
                      size_t *len, char error[static PASSPHRASE_ERROR_CAP])
{
    int terminal;
    qw_err err;

    if (path != NULL) {
        err = qw_passphrase_file_read(path, passphrase, len);
        if (err != QW_OK) {
            (void)snprintf(error, PASSPHRASE_ERROR_CAP, "%.400s: %s", path,
                           err == QW_ERR_REFUSED ? "others may read it; `chmod 600` it"
                                                 : text_of(err));
        }
        return err;
    }
    terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    err =
        terminal < 0 ? QW_ERR_UNAVAILABLE : passphrase_ask(terminal, what, is_new, passphrase, len);
    if (terminal >= 0) {
        (void)close(terminal);
    }
    if (err != QW_OK) {
        (void)snprintf(error, PASSPHRASE_ERROR_CAP, "passphrase of the %.200s: %s", what,
                       text_of(err));
    }
    return err;
}
