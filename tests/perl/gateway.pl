#!/usr/bin/perl
# A USSD gateway made of Net::SMPP: it opens a session in one dialect (spec or mica), answers every screen with its
# first choice until the session has an appointment, hangs up, and prints what it saw, a JSON object a line.
use strict;
use warnings;
use Net::SMPP;
use JSON::PP;

my $dialect = shift // 'spec';
my $session = 0x2b4e;
my $number = $dialect eq 'mica' ? '85510000302' : '85510000301';
$| = 1;
sub say_json { print JSON::PP->new->canonical->encode($_[0]), "\n" }

my $listener = Net::SMPP->new_listen('127.0.0.1', smpp_version => 0x34, port => 0, timeout => 60)
  or die "cannot listen: $!";
say_json({ event => 'listening', port => $listener->sockport });
my $esme = $listener->accept or die "nobody came: $!";
my ($answered, $steps, $sequence, $over) = (0, 0, 100, 0);

sub input {
    my ($op, $text, $end) = @_;
    $answered = 0;
    my %fields = (
        service_type => 'USSD', source_addr_ton => 1, source_addr_npi => 1, source_addr => $number,
        dest_addr_ton => 1, dest_addr_npi => 1, destination_addr => $dialect eq 'mica' ? '' : '1212',
        data_coding => $dialect eq 'mica' ? 0 : 15, short_message => $text, ussd_service_op => pack('C', $op),
        seq => ++$sequence, async => 1,
    );
    if ($dialect eq 'mica') { $fields{user_message_reference} = pack('n', $session) }
    else { $fields{its_session_info} = pack('n', $session | ($end ? 1 : 0)) }
    $esme->deliver_sm(%fields);
}

while (my $pdu = $esme->read_pdu) {
    my $command = $pdu->{cmd};
    if ($command == 0x00000009) {
        $esme->set_version(0x34);
        $esme->bind_transceiver_resp(system_id => 'net-smpp', seq => $pdu->{seq});
        input(1, '*1212*9*3#', 0);
    } elsif ($command == 0x80000005) {
        $answered = 1;
        say_json({ event => 'deliver_sm_resp', status => $pdu->{status} + 0 });
    } elsif ($command == 0x00000015) {
        $esme->enquire_link_resp(seq => $pdu->{seq});
    } elsif ($command == 0x00000006) {
        $esme->unbind_resp(seq => $pdu->{seq});
        last;
    } elsif ($command == 0x00000004) {
        $steps++;
        $esme->submit_sm_resp(message_id => "p$steps", seq => $pdu->{seq});
        my $text = $pdu->{short_message};
        my $info = $pdu->{its_session_info};
        my $reference = $pdu->{user_message_reference};
        say_json({
            event => 'screen', after_resp => $answered ? JSON::PP::true : JSON::PP::false,
            to => $pdu->{destination_addr}, from => $pdu->{source_addr}, op => unpack('C', $pdu->{ussd_service_op}),
            session_info => defined $info ? unpack('H*', $info) : undef,
            reference => defined $reference ? unpack('n', $reference) : undef,
            service_type => $pdu->{service_type}, data_coding => ord($pdu->{data_coding} . '') && $pdu->{data_coding},
            esm_class => $pdu->{esm_class}, registered => $pdu->{registered_delivery}, text => $text,
        });
        if ($text =~ /^Booked/) { input(129, '', 1); say_json({ event => 'done' }) }
        elsif ($steps < 20) { input(18, $text =~ /^Public services/ ? '2' : '1', 0) }
    }
}
