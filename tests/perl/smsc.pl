#!/usr/bin/perl
# An SMSC made of Net::SMPP that speaks oddly: PDUs that an ESME does not expect by the library's own calls, and octets that
# no library writes straight into the socket. It prints what it saw, a JSON object a line.
use strict;
use warnings;
use Net::SMPP;
use JSON::PP;

$| = 1;
sub say_json { print JSON::PP->new->canonical->encode($_[0]), "\n" }

my $listener = Net::SMPP->new_listen('127.0.0.1', smpp_version => 0x34, port => 0, timeout => 60)
  or die "cannot listen: $!";
say_json({ event => 'listening', port => $listener->sockport });
my $esme = $listener->accept or die "nobody came: $!";
my $code = '120500-26-048193-7';
my ($sequence, $submits, @todo) = (100, 0);

# Octets as they are: command_id, command_status, sequence_number, body.
sub raw {
    my ($command, $status, $number, $body) = @_;
    syswrite $esme, pack('NNNN', 16 + length $body, $command, $status, $number) . $body;
}

sub text {
    my ($from, %more) = @_;
    $esme->deliver_sm(
        source_addr_ton => 1, source_addr_npi => 1, source_addr => $from, dest_addr_npi => 1, destination_addr => '1212',
        short_message => $code, seq => ++$sequence, async => 1, %more,
    );
}

# The body of a deliver_sm up to sm_default_msg_id.
sub head { my ($from) = @_; "\0\1\1$from\0\0\x011212\0" . "\0" x 9 }

# Each is tried when the one before has been answered; the last field says whether an answer comes.
my @odd = (
    ['a TLV of a vendor', sub { text('85510000501', 0x1401 => 'abc') }],
    ['times that are not NULL', sub {
        text('85510000502', schedule_delivery_time => '261127083000028+', validity_period => '000001000000000R') }],
    ['a text in data_sm', sub {
        $esme->data_sm(source_addr_ton => 1, source_addr_npi => 1, source_addr => '85510000503', dest_addr_npi => 1,
            destination_addr => '1212', message_payload => $code, seq => ++$sequence, async => 1) }],
    ['a query_sm', sub { $esme->query_sm(message_id => '1', source_addr => '1212', seq => ++$sequence, async => 1) }],
    ['a cancel_sm', sub {
        $esme->cancel_sm(message_id => '1', source_addr => '1', destination_addr => '2', seq => ++$sequence, async => 1) }],
    ['an alert_notification, then a text', sub {
        $esme->alert_notification(source_addr => '1', esme_addr => '2', seq => ++$sequence, async => 1);
        text('85510000504') }],
    ['an unknown command', sub { raw(0x00010777, 0, ++$sequence, 'x') }],
    ['an enquire_link with a body and a status', sub { raw(0x15, 8, ++$sequence, "\0\1\2\3") }],
    ['sequence_number 0', sub { raw(5, 0, 0, head('85510000505') . chr(length $code) . $code) }],
    ['sequence_number 0xFFFFFFFF', sub { raw(5, 0, 0xFFFFFFFF, head('85510000506') . chr(length $code) . $code) }],
    ['a TLV past the end', sub {
        raw(5, 0, ++$sequence, head('85510000507') . chr(length $code) . $code . "\x05\x01\0\xFFx") }],
    ['responses that nobody waits for, then a text', sub {
        raw(0x80000004, 0, 9_999, "x\0"); raw(0x80000000, 3, 0, ''); raw(0x80000777, 0, 1, 'y'); text('85510000508') }],
    ['a sm_length of 255 with two octets', sub { raw(5, 0, ++$sequence, head('85510000509') . "\xFFhi") }],
    ['a body that ends in the address', sub { raw(5, 0, ++$sequence, "\0\1\x01855") }],
    ['a text octet by octet', sub {
        my $body = head('85510000510') . chr(length $code) . $code;
        my $pdu = pack('NNNN', 16 + length $body, 5, 0, ++$sequence) . $body;
        for my $octet (split //, $pdu) { syswrite $esme, $octet; select undef, undef, undef, 0.001 } }],
);

sub next_odd {
    return say_json({ event => 'played' }) unless @odd;
    my $one = shift @odd;
    push @todo, $one->[0];
    $one->[1]->();
}

while (my $pdu = $esme->read_pdu) {
    my ($command, $number) = ($pdu->{cmd}, $pdu->{seq});
    if ($command == 0x00000009) {
        $esme->set_version(0x34);
        $esme->bind_transceiver_resp(system_id => 'net-smpp', 0x1400 => 'odd', 0x0210 => "\x34", seq => $number);
        next_odd();
    } elsif ($command & 0x80000000) {
        my $what = shift @todo // 'nothing';
        say_json({ event => 'answer', what => $what, command => sprintf('%08x', $command), status => $pdu->{status} + 0,
            sequence => $number });
        next_odd();
    } elsif ($command == 0x00000015) {
        $esme->enquire_link_resp(seq => $number);
    } elsif ($command == 0x00000006) {
        $esme->unbind_resp(seq => $number);
        last;
    } elsif ($command == 0x00000004) {
        my $name = 'perl-' . ++$submits;
        # its answer twice, of which the second is odd
        $esme->submit_sm_resp(message_id => $name, seq => $number);
        raw(0x80000004, 0, $number, "again\0");
        say_json({ event => 'submit_sm', to => $pdu->{destination_addr}, data_coding => $pdu->{data_coding},
            octets => length $pdu->{short_message} });
    }
}
say_json({ event => 'close' });
