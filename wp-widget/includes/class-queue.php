<?php
/**
 * Events that are to be told: kept in a table until the backend has them.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * The table knows that something happened, not what: the sender looks at the thing itself when it tells.
 *
 * So nothing personal waits here, a newer event about a thing stands for all older ones, and what is told is never out
 * of date. States: waiting, sending (leased), sent, dead.
 */
final class Queue {

	public const ATTEMPTS   = 10;
	private const LEASE_S   = 60;
	private const LOOK      = 20;
	private const KEPT_SENT = 7 * DAY_IN_SECONDS;
	private const KEPT_DEAD = 90 * DAY_IN_SECONDS;

	/**
	 * Note that something happened. What waits about the same thing is overtaken.
	 *
	 * @param string $event As in the contract: post.updated, media.added …
	 * @param string $type  page, post, product, attachment, order …
	 * @param int    $id    Its number.
	 * @param string $note  What can't be looked up any more when it is told, such as the number of a deleted order.
	 */
	public static function add( string $event, string $type, int $id, string $note = '' ): void {
		if ( ! Settings::is_ready() ) {
			return;
		}
		self::put( $event, $type, $id, $note );
		Sender::wake();
	}

	/**
	 * As add(), without waking the sender: for batches.
	 *
	 * @param string $event As in the contract.
	 * @param string $type  The thing's type.
	 * @param int    $id    Its number.
	 * @param string $note  As for add().
	 * @return string The event's id.
	 */
	public static function put( string $event, string $type, int $id, string $note = '' ): string {
		global $wpdb;
		Schema::ensure();
		$row = array(
			'event_id'    => wp_generate_uuid4(),
			'event'       => $event,
			'subject'     => "$type:$id",
			'note'        => mb_substr( $note, 0, 64 ),
			'actor'       => (string) wp_get_current_user()->user_login,
			'occurred_at' => time(),
			'due_at'      => time(),
		);
		$wpdb->insert( Schema::events(), $row );
		// One that is being sent stays: its successor waits for it.
		$wpdb->query(
			$wpdb->prepare(
				"DELETE FROM %i WHERE subject = %s AND state = 'waiting' AND id < %d",
				Schema::events(),
				$row['subject'],
				$wpdb->insert_id
			)
		);
		return $row['event_id'];
	}

	/**
	 * Take the oldest event that is due and has none before it about the same thing; null where there is none.
	 *
	 * Several senders may call this at once: the update decides whose it is.
	 */
	public static function claim(): ?object {
		global $wpdb;
		foreach ( self::first() as $row ) {
			if ( self::is_held_up( $row ) ) {
				continue;
			}
			$lease = wp_generate_uuid4();
			$ours  = $wpdb->query(
				$wpdb->prepare(
					"UPDATE %i SET state = 'sending', lease = %s, leased_until = %d WHERE id = %d AND state = %s AND lease = %s",
					Schema::events(),
					$lease,
					time() + self::LEASE_S,
					$row->id,
					$row->state,
					$row->lease
				)
			);
			if ( 1 === $ours ) {
				$row->lease = $lease;
				return $row;
			}
		}
		return null;
	}

	/**
	 * Those that may be sent next: what dead senders left, then the oldest that are due. A few more than senders run at
	 * once, read in the order of an index: ten thousand that wait cost no more than ten.
	 *
	 * @return object[]
	 */
	private static function first(): array {
		global $wpdb;
		$now  = time();
		$left = $wpdb->get_results(
			$wpdb->prepare( "SELECT * FROM %i WHERE state = 'sending' AND leased_until < %d ORDER BY id LIMIT %d", Schema::events(), $now, self::LOOK )
		);
		$due  = $wpdb->get_results(
			$wpdb->prepare( "SELECT * FROM %i WHERE state = 'waiting' AND due_at <= %d ORDER BY id LIMIT %d", Schema::events(), $now, self::LOOK )
		);
		return array_merge( $left, $due );
	}

	/**
	 * Whether an older event about the same thing is not settled yet.
	 *
	 * @param object $row Of the table.
	 */
	private static function is_held_up( object $row ): bool {
		global $wpdb;
		return null !== $wpdb->get_var(
			$wpdb->prepare(
				"SELECT id FROM %i WHERE subject = %s AND state IN ('waiting', 'sending') AND id < %d LIMIT 1",
				Schema::events(),
				$row->subject,
				$row->id
			)
		);
	}

	/**
	 * The backend has it.
	 *
	 * @param object $row As claim() gave it.
	 */
	public static function sent( object $row ): void {
		self::settle( $row, array( 'state' => 'sent', 'reason' => '', 'settled_at' => time() ) );
	}

	/**
	 * It can't be told: for a person to look at.
	 *
	 * @param object $row    As claim() gave it.
	 * @param string $reason Why.
	 */
	public static function bury( object $row, string $reason ): void {
		$attempts = (int) $row->attempts + 1;
		self::settle( $row, array( 'state' => 'dead', 'attempts' => $attempts, 'reason' => $reason, 'settled_at' => time() ) );
	}

	/**
	 * It failed by itself: later again, at most ATTEMPTS times.
	 *
	 * @param object $row    As claim() gave it.
	 * @param string $reason Why.
	 */
	public static function retry( object $row, string $reason ): void {
		$attempts = (int) $row->attempts + 1;
		if ( $attempts >= self::ATTEMPTS ) {
			self::bury( $row, $reason );
			return;
		}
		$due = time() + self::wait( $attempts );
		self::settle( $row, array( 'state' => 'waiting', 'attempts' => $attempts, 'reason' => $reason, 'due_at' => $due ) );
	}

	/**
	 * The backend is away: the event keeps its place and loses no attempt.
	 *
	 * @param object $row    As claim() gave it.
	 * @param string $reason Why.
	 */
	public static function put_back( object $row, string $reason ): void {
		self::settle( $row, array( 'state' => 'waiting', 'reason' => $reason ) );
	}

	/**
	 * Seconds before another attempt: four times as long each time, an hour at most, and never all at once.
	 *
	 * @param int $attempts How many there were.
	 */
	public static function wait( int $attempts ): int {
		$most = min( HOUR_IN_SECONDS, 5 * 4 ** min( $attempts - 1, 6 ) );
		return wp_rand( intdiv( $most, 2 ), $most );
	}

	/**
	 * How many there are in each state, and since when the oldest waits (seconds since 1970, 0: none).
	 *
	 * @return array{waiting: int, sending: int, sent: int, dead: int, oldest: int}
	 */
	public static function counts(): array {
		global $wpdb;
		Schema::ensure();
		$found  = array( 'waiting' => 0, 'sending' => 0, 'sent' => 0, 'dead' => 0, 'oldest' => 0 );
		$states = $wpdb->get_results( $wpdb->prepare( 'SELECT state, COUNT(*) AS n, MIN(occurred_at) AS oldest FROM %i GROUP BY state', Schema::events() ) );
		foreach ( $states as $state ) {
			$found[ $state->state ] = (int) $state->n;
			if ( 'waiting' === $state->state ) {
				$found['oldest'] = (int) $state->oldest;
			}
		}
		return $found;
	}

	/**
	 * A page of events, newest first.
	 *
	 * @param string $state  waiting, sent or dead.
	 * @param int    $limit  How many.
	 * @param int    $offset How many to leave out.
	 * @return object[]
	 */
	public static function page( string $state, int $limit, int $offset ): array {
		global $wpdb;
		return $wpdb->get_results(
			$wpdb->prepare( 'SELECT * FROM %i WHERE state = %s ORDER BY id DESC LIMIT %d OFFSET %d', Schema::events(), $state, $limit, $offset )
		);
	}

	/**
	 * Have dead events told again, with all their attempts.
	 *
	 * @param int[]|null $ids Which; null: all.
	 * @return int How many.
	 */
	public static function revive( ?array $ids = null ): int {
		global $wpdb;
		$fields = array( 'state' => 'waiting', 'attempts' => 0, 'due_at' => time(), 'reason' => '', 'settled_at' => 0 );
		if ( null === $ids ) {
			return (int) $wpdb->update( Schema::events(), $fields, array( 'state' => 'dead' ) );
		}
		$count = 0;
		foreach ( $ids as $id ) {
			$count += (int) $wpdb->update( Schema::events(), $fields, array( 'id' => (int) $id, 'state' => 'dead' ) );
		}
		return $count;
	}

	/**
	 * Forget dead events.
	 *
	 * @param int[] $ids Which.
	 * @return int How many.
	 */
	public static function drop( array $ids ): int {
		global $wpdb;
		$count = 0;
		foreach ( $ids as $id ) {
			$count += (int) $wpdb->delete( Schema::events(), array( 'id' => (int) $id, 'state' => 'dead' ) );
		}
		return $count;
	}

	/**
	 * Forget what was settled long ago.
	 */
	public static function tidy(): void {
		global $wpdb;
		foreach ( array( 'sent' => self::KEPT_SENT, 'dead' => self::KEPT_DEAD ) as $state => $kept ) {
			$wpdb->query( $wpdb->prepare( 'DELETE FROM %i WHERE state = %s AND settled_at < %d', Schema::events(), $state, time() - $kept ) );
		}
	}

	/**
	 * Write what became of a claimed event, unless another sender has taken it over.
	 *
	 * @param object               $row    As claim() gave it.
	 * @param array<string, mixed> $fields What to write.
	 */
	private static function settle( object $row, array $fields ): void {
		global $wpdb;
		$fields += array( 'lease' => '', 'leased_until' => 0 );
		$where   = array( 'id' => $row->id, 'lease' => $row->lease );
		if ( 'waiting' === $fields['state'] && self::is_overtaken( $row ) ) {
			$wpdb->delete( Schema::events(), $where );
			return;
		}
		$wpdb->update( Schema::events(), $fields, $where );
	}

	/**
	 * Whether something newer about the same thing came while this was being sent.
	 *
	 * @param object $row As claim() gave it.
	 */
	private static function is_overtaken( object $row ): bool {
		global $wpdb;
		return null !== $wpdb->get_var(
			$wpdb->prepare(
				"SELECT id FROM %i WHERE subject = %s AND state = 'waiting' AND id > %d LIMIT 1",
				Schema::events(),
				$row->subject,
				$row->id
			)
		);
	}
}
