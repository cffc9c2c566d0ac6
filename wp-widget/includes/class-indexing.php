<?php
/**
 * "Index everything now": walks all that may be told in batches, and knows how far it is.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * One option holds the place. Cron takes a step each minute; the page with the bar takes them faster.
 */
final class Indexing {

	public const OPTION = 'handrail_indexing';
	public const CRON   = 'handrail_index';
	public const BATCH  = 100;
	/** More is not put in while so many wait: an edit by a person must not stand behind thousands. */
	public const FULL = 200;

	/** Join in. */
	public static function hook(): void {
		add_action( self::CRON, array( self::class, 'step' ) );
		add_action( 'update_option_' . Settings::OPTION, array( self::class, 'on_settings' ), 10, 2 );
	}

	/**
	 * Begin anew, or tell what is not chosen any more.
	 *
	 * @param string[]|null $types Post types; null: all that are chosen, and files.
	 */
	public static function start( ?array $types = null ): void {
		$types ??= array_merge( Settings::post_types(), Settings::get( 'media' ) ? array( 'attachment' ) : array() );
		$state   = array(
			'types'      => array_values( $types ),
			'last'       => 0,
			'done'       => 0,
			'total'      => self::count( $types ),
			'started_at' => time(),
			'ended_at'   => 0,
		);
		update_option( self::OPTION, $state, false );
		if ( ! wp_next_scheduled( self::CRON ) ) {
			wp_schedule_event( time(), 'handrail_minute', self::CRON );
		}
		Sender::wake();
	}

	/** End it where it is; what is in the queue is still sent. */
	public static function stop(): void {
		update_option( self::OPTION, array( 'ended_at' => time() ) + self::state(), false );
		wp_clear_scheduled_hook( self::CRON );
	}

	/** One batch, if there is room in the queue. */
	public static function step(): void {
		$state = self::state();
		if ( self::is_over( $state ) || ! Settings::is_ready() ) {
			wp_clear_scheduled_hook( self::CRON );
			Sender::wake(); // What was put in before may still wait, and somebody looks at the bar.
			return;
		}
		$room = self::FULL - Queue::counts()['waiting'];
		$rows = $room > 0 ? self::next( $state, min( self::BATCH, $room ) ) : array();
		foreach ( $rows as $row ) {
			$is_file = 'attachment' === $row->post_type;
			if ( ! $is_file || self::is_document( (int) $row->ID ) ) {
				Queue::put( $is_file ? 'media.updated' : 'post.updated', $row->post_type, (int) $row->ID );
			}
			$state['last'] = (int) $row->ID;
			++$state['done'];
		}
		$is_last = $room > 0 && count( $rows ) < min( self::BATCH, $room );
		update_option( self::OPTION, array( 'ended_at' => $is_last ? time() : 0 ) + $state, false );
		Sender::wake();
	}

	/**
	 * How far it is: types, done, total, started_at, ended_at (0: still at work).
	 *
	 * @return array<string, mixed>
	 */
	public static function state(): array {
		$said = get_option( self::OPTION, array() );
		return ( is_array( $said ) ? $said : array() )
			+ array( 'types' => array(), 'last' => 0, 'done' => 0, 'total' => 0, 'started_at' => 0, 'ended_at' => 0 );
	}

	/**
	 * Whether nothing is left to do.
	 *
	 * @param array<string, mixed> $state As state() gives it.
	 */
	public static function is_over( array $state ): bool {
		return ! $state['started_at'] || $state['ended_at'];
	}

	/**
	 * A type that is not chosen any more must not answer any more; one that is new must.
	 *
	 * @param mixed $before The settings before.
	 * @param mixed $after  The settings now.
	 */
	public static function on_settings( $before, $after ): void {
		$kinds   = static fn( $said ): array => array_merge( $said['post_types'] ?? array(), empty( $said['media'] ) ? array() : array( 'attachment' ) );
		$was     = $kinds( is_array( $before ) ? $before : Settings::defaults() );
		$is      = $kinds( is_array( $after ) ? $after : array() );
		$changed = array_merge( array_diff( $was, $is ), array_diff( $is, $was ) );
		if ( $changed && Settings::is_ready() && is_array( $before ) && '' !== ( $before['site_id'] ?? '' ) ) {
			self::start( $changed );
		}
	}

	/**
	 * How many things there are.
	 *
	 * @param string[] $types Post types.
	 */
	private static function count( array $types ): int {
		$count = 0;
		foreach ( $types as $type ) {
			$found  = wp_count_posts( $type );
			$count += (int) ( 'attachment' === $type ? $found->inherit ?? 0 : $found->publish ?? 0 );
		}
		return $count;
	}

	/**
	 * The next things by number, so that what comes or goes meanwhile moves nothing.
	 *
	 * @param array<string, mixed> $state As state() gives it.
	 * @param int                  $limit How many at most.
	 * @return object[]
	 */
	private static function next( array $state, int $limit ): array {
		global $wpdb;
		if ( ! $state['types'] ) {
			return array();
		}
		$marks = implode( ', ', array_fill( 0, count( $state['types'] ), '%s' ) );
		return $wpdb->get_results(
			$wpdb->prepare(
				"SELECT ID, post_type FROM %i WHERE ID > %d AND post_status IN ('publish', 'inherit') AND post_type IN ($marks) ORDER BY ID LIMIT %d", // phpcs:ignore -- the marks are ours.
				array_merge( array( $wpdb->posts, $state['last'] ), $state['types'], array( $limit ) )
			)
		);
	}

	/**
	 * Whether a file is one to tell of, or was: then it is told as gone.
	 *
	 * @param int $id Its number.
	 */
	private static function is_document( int $id ): bool {
		$file = get_post( $id );
		return $file instanceof \WP_Post && ( ! Settings::get( 'media' ) || Content::is_public_file( $file ) );
	}
}
