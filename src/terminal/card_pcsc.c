/* SPDX-License-Identifier: Apache-2.0 */
/* PC/SC through libpcsclite, found at run time: a terminal whose card is no chip needs none of it.
 */
#define _GNU_SOURCE
#include "terminal/card_pcsc.h"

#include "base/secret.h"
#include "terminal/card_apdu.h"

#include <dlfcn.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

enum { READERS_CAP = 4096, NAME_CAP = 128, FREE_LOOKS = 20, FREE_LOOK_MS = 100 };

struct pcsc {
    void *library;
    LONG (*establish)(DWORD scope, LPCVOID a, LPCVOID b, LPSCARDCONTEXT context);
    LONG (*release)(SCARDCONTEXT context);
    LONG (*list)(SCARDCONTEXT context, LPCSTR groups, LPSTR readers, LPDWORD len);
    LONG(*connect)
    (SCARDCONTEXT context, LPCSTR reader, DWORD share, DWORD protocols, LPSCARDHANDLE card,
     LPDWORD protocol);
    LONG (*disconnect)(SCARDHANDLE card, DWORD disposition);
    LONG(*transmit)
    (SCARDHANDLE card, const SCARD_IO_REQUEST *send, LPCBYTE command, DWORD len,
     SCARD_IO_REQUEST *receive, LPBYTE answer, LPDWORD answer_len);
    char reader[NAME_CAP];
    SCARDCONTEXT context;
    SCARDHANDLE card;
    DWORD protocol;
};

static qw_err err_of(LONG answer)
{
    switch (answer) {
    case SCARD_S_SUCCESS:
        return QW_OK;
    case SCARD_E_NO_READERS_AVAILABLE:
    case SCARD_E_UNKNOWN_READER:
    case SCARD_E_READER_UNAVAILABLE:
    case SCARD_E_NO_SMARTCARD:
    case SCARD_W_REMOVED_CARD:
    case SCARD_W_UNRESPONSIVE_CARD:
        return QW_ERR_NOT_FOUND;
    case SCARD_E_SHARING_VIOLATION:
        return QW_ERR_CONFLICT;
    case SCARD_E_NO_SERVICE:
    case SCARD_E_SERVICE_STOPPED:
        return QW_ERR_UNAVAILABLE;
    default:
        return QW_ERR_IO;
    }
}

static bool load(struct pcsc *pcsc)
{
    pcsc->library = dlopen("libpcsclite.so.1", RTLD_NOW | RTLD_LOCAL);
    if (pcsc->library == NULL) {
        return false;
    }
    *(void **)&pcsc->establish = dlsym(pcsc->library, "SCardEstablishContext");
    *(void **)&pcsc->release = dlsym(pcsc->library, "SCardReleaseContext");
    *(void **)&pcsc->list = dlsym(pcsc->library, "SCardListReaders");
    *(void **)&pcsc->connect = dlsym(pcsc->library, "SCardConnect");
    *(void **)&pcsc->disconnect = dlsym(pcsc->library, "SCardDisconnect");
    *(void **)&pcsc->transmit = dlsym(pcsc->library, "SCardTransmit");
    return pcsc->establish != NULL && pcsc->release != NULL && pcsc->list != NULL &&
           pcsc->connect != NULL && pcsc->disconnect != NULL && pcsc->transmit != NULL;
}

static void pcsc_disconnect(void *self)
{
    struct pcsc *pcsc = self;

    (void)pcsc->disconnect(pcsc->card, SCARD_RESET_CARD); /* the PIN does not stay given */
    (void)pcsc->release(pcsc->context);
}

/* The first reader in which the card answers. names: several, each with its NUL, then one more. */
static qw_err connect_first(struct pcsc *pcsc, const char *names)
{
    qw_err err = QW_ERR_NOT_FOUND;

    for (const char *name = names; *name != '\0'; name += strlen(name) + 1) {
        if (strncmp(name, pcsc->reader, strlen(pcsc->reader)) != 0) {
            continue;
        }
        err = err_of(pcsc->connect(pcsc->context, name, SCARD_SHARE_EXCLUSIVE,
                                   SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &pcsc->card,
                                   &pcsc->protocol));
        if (err != QW_ERR_NOT_FOUND) {
            return err;
        }
    }
    return err;
}

static qw_err pcsc_connect(void *self)
{
    struct pcsc *pcsc = self;
    char names[READERS_CAP + 1] = "";
    DWORD len = READERS_CAP;
    qw_err err = err_of(pcsc->establish(SCARD_SCOPE_SYSTEM, NULL, NULL, &pcsc->context));

    if (err != QW_OK) {
        return err;
    }
    err = err_of(pcsc->list(pcsc->context, NULL, names, &len));
    if (err == QW_OK) {
        err = connect_first(pcsc, names);
    }
    for (int i = 0; err == QW_ERR_CONFLICT && i < FREE_LOOKS; i++) {
        (void)poll(NULL, 0,
                   FREE_LOOK_MS); /* of a program that was killed the service learns late */
        err = connect_first(pcsc, names);
    }
    if (err != QW_OK) {
        (void)pcsc->release(pcsc->context);
    }
    return err;
}

static qw_err pcsc_transmit(void *self, const uint8_t *command, size_t len, uint8_t *answer,
                            size_t *answer_len)
{
    struct pcsc *pcsc = self;
    const SCARD_IO_REQUEST how = { pcsc->protocol, sizeof how };
    uint8_t received[MAX_BUFFER_SIZE];
    DWORD n = sizeof received;
    LONG said = pcsc->transmit(pcsc->card, &how, command, (DWORD)len, NULL, received, &n);

    qw_err err = QW_OK;

    if (said == SCARD_W_RESET_CARD || said == SCARD_W_REMOVED_CARD) {
        err = QW_ERR_CLOSED; /* the service looks before it sends */
    } else if (said != SCARD_S_SUCCESS || n > QW_APDU_ANSWER_MAX) {
        err = QW_ERR_IO;
    } else {
        memcpy(answer, received, n);
        *answer_len = n;
    }
    qw_wipe(received, sizeof received);
    return err;
}

static void pcsc_close(void *self)
{
    struct pcsc *pcsc = self;

    if (pcsc->library != NULL) {
        (void)dlclose(pcsc->library);
    }
    free(pcsc);
}

qw_err qw_card_pcsc(const char *reader, struct qw_apdu_wire *wire)
{
    struct pcsc *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return QW_ERR_NOMEM;
    }
    if (strlen(reader) >= sizeof self->reader || !load(self)) {
        pcsc_close(self);
        return QW_ERR_UNAVAILABLE;
    }
    memcpy(self->reader, reader, strlen(reader) + 1);
    *wire = (struct qw_apdu_wire){ .self = self,
                                   .connect = pcsc_connect,
                                   .transmit = pcsc_transmit,
                                   .disconnect = pcsc_disconnect,
                                   .close = pcsc_close };
    return QW_OK;
}

qw_err qw_card_pcsc_reader(const char *reader, const uint8_t *pin, size_t pin_len,
                           struct qw_card_reader **card)
{
    struct qw_apdu_wire wire;
    qw_err err = qw_card_pcsc(reader, &wire);

    return err == QW_OK ? qw_card_reader_new(&wire, pin, pin_len, card) : err;
}
