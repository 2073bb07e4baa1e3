# A strict SMSC made of smpp.twisted3, whose decoder gives up a connection where a PDU is not what the standard says.
# It lets one ESME bind, delivers texts to it, one after the other, and prints what it saw, a JSON object a line.
import json
import logging
import sys

from smpp.pdu.operations import DeliverSM
from smpp.pdu.pdu_types import (
    AddrNpi, AddrTon, CommandStatus, DataCoding, DataCodingDefault, DataCodingScheme, EsmClass, EsmClassMode, EsmClassType,
    MessageState,
)
from smpp.twisted.config import SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse
from smpp.twisted.server import SMPPServerFactory
from twisted.cred.error import UnauthorizedLogin
from twisted.internet import defer, reactor

CODE = "120500-26-048193-7"


def say(**what):
    print(json.dumps(what), flush=True)


class Told(logging.Handler):
    """Whatever its decoder does not like is told."""

    def emit(self, record):
        say(event="error", message=record.getMessage())


class Door:
    def login(self, credentials, _mind, interface):
        good = (credentials.username, credentials.password) == ("chrak", "secret")
        say(event="bind", good=good)
        if good:
            reactor.callLater(0.1, play)
            return defer.succeed((interface, "chrak", lambda: None))
        return defer.fail(UnauthorizedLogin())


def coding(number):
    return DataCoding(DataCodingScheme.DEFAULT, DataCodingDefault[number])


def bound():
    return next(iter(server.getBoundConnections("chrak")))


@defer.inlineCallbacks
def play():
    texts = [
        ("85510000401", "SMSC_DEFAULT_ALPHABET", CODE.encode()),
        ("85510000402", "UCS2", "១២០៥០០-២៦-០៤៨១៩៣-៧".encode("utf-16-be")),
        ("85510000403", "LATIN_1", ("STATUS " + CODE).encode()),
    ]
    for sender, alphabet, text in texts:
        pdu = DeliverSM(
            source_addr_ton=AddrTon.INTERNATIONAL, source_addr_npi=AddrNpi.ISDN, source_addr=sender.encode(),
            dest_addr_ton=AddrTon.UNKNOWN, dest_addr_npi=AddrNpi.ISDN, destination_addr=b"1212",
            esm_class=EsmClass(EsmClassMode.DEFAULT, EsmClassType.DEFAULT), data_coding=coding(alphabet), short_message=text,
        )
        done = yield bound().sendDataRequest(pdu)
        message_id = done.response.params.get("message_id")
        say(event="deliver_sm_resp", status=done.response.status.name, message_id=(message_id or b"").decode())
    say(event="played")


def receipt(params, name):
    text = "id:%s sub:001 dlvrd:001 submit date:2611230900 done date:2611230901 stat:DELIVRD err:000 text:" % name
    pdu = DeliverSM(
        source_addr=params["destination_addr"], destination_addr=params["source_addr"],
        esm_class=EsmClass(EsmClassMode.DEFAULT, EsmClassType.SMSC_DELIVERY_RECEIPT), data_coding=coding("SMSC_DEFAULT_ALPHABET"),
        short_message=text.encode(), receipted_message_id=name.encode(), message_state=MessageState.DELIVERED,
    )
    wanted = bound().sendDataRequest(pdu)
    wanted.addCallback(lambda done: say(event="receipt_resp", status=done.response.status.name))


count = 0


def handle(_system_id, _protocol, pdu):
    global count
    count += 1
    params, name = pdu.params, "twisted-%d" % count
    coded = params["data_coding"].schemeData
    text = params["short_message"] or b""
    udh = params["esm_class"].gsmFeatures
    say(
        event=pdu.id.name, to=params["destination_addr"].decode(), ton=params["dest_addr_ton"].name,
        npi=params["dest_addr_npi"].name, data_coding=coded.name if coded else None, octets=len(text),
        text=text.decode("utf-16-be" if coded and coded.name == "UCS2" else "latin-1") if not udh else None,
        validity=str(params["validity_period"]), registered=params["registered_delivery"].receipt.name,
    )
    reactor.callLater(0.05, receipt, params, name)
    return DataHandlerResponse(CommandStatus.ESME_ROK, message_id=name.encode())


log = logging.getLogger()
log.addHandler(Told(logging.ERROR))
config = SMPPServerConfig(
    systems={"chrak": {"max_bindings": 1}}, msgHandler=handle, enquireLinkTimerSecs=1, sessionInitTimerSecs=5,
)
server = SMPPServerFactory(config, Door())
unbound = server.removeConnection


def left(connection):
    say(event="close", state=connection.sessionState.name)
    unbound(connection)


server.removeConnection = left
say(event="listening", port=reactor.listenTCP(0, server, interface="127.0.0.1").getHost().port)
sys.exit(reactor.run())
