<?php
/**
 * Sends what waits, outside of anybody's request where that can be.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * After the page is out (FastCGI), in a call of the site to itself, and each minute by cron: whichever comes first.
 */
final class Sender {

	public const CRON        = 'handrail_send';
	public const TIDY        = 'handrail_tidy';
	private const BUDGET_S   = 20;
	private const LOOPBACK_MS = 400;

	/**
	 * Whether this request may send at its end.
	 *
	 * @var bool
	 */
	private static bool $is_ours = false;

	/**
	 * Whether something was noted in this request.
	 *
	 * @var bool
	 */
	private static bool $is_awake = false;

	/** Join in. */
	public static function hook(): void {
		add_filter( 'cron_schedules', array( self::class, 'add_minute' ) ); // phpcs:ignore -- a minute is what freshness needs; an empty queue costs one query.
		add_action( 'init', array( self::class, 'schedule' ) );
		add_action( self::CRON, array( self::class, 'run' ) );
		add_action( self::TIDY, array( Queue::class, 'tidy' ) );
		add_action( 'update_option_' . Settings::OPTION, array( Circuit::class, 'close' ) );
	}

	/**
	 * Every minute, in WordPress' own list.
	 *
	 * @param array<string, array<string, mixed>> $schedules What there is.
	 * @return array<string, array<string, mixed>>
	 */
	public static function add_minute( array $schedules ): array {
		$schedules['handrail_minute'] = array(
			'interval' => MINUTE_IN_SECONDS,
			'display'  => 'Handrail',
		);
		return $schedules;
	}

	/** Have cron call us. */
	public static function schedule(): void {
		if ( Settings::is_ready() && ! wp_next_scheduled( self::CRON ) ) {
			wp_schedule_event( time(), 'handrail_minute', self::CRON );
			wp_schedule_event( time() + HOUR_IN_SECONDS, 'daily', self::TIDY );
		}
	}

	/** Send soon: at the end of this request. */
	public static function wake(): void {
		if ( ! self::$is_awake ) {
			self::$is_awake = true;
			add_action( 'shutdown', array( self::class, 'end' ), 100 );
		}
	}

	/** This request is the call of the site to itself: nobody waits for it. */
	public static function take_over(): void {
		self::$is_ours = true;
		ignore_user_abort( true );
		self::wake();
	}

	/** The request is over; the visitor or editor has the answer, or need not wait for what we do. */
	public static function end(): void {
		if ( Circuit::is_open() ) {
			return;
		}
		$has_left = self::say_goodbye();
		if ( $has_left || self::$is_ours || wp_doing_cron() || ( defined( 'WP_CLI' ) && WP_CLI ) ) {
			self::run();
		} else {
			self::call_ourselves();
		}
	}

	/**
	 * Send what waits, for at most BUDGET_S; the first sign that the backend is away ends it.
	 */
	public static function run(): void {
		$until = microtime( true ) + self::BUDGET_S;
		while ( Settings::is_ready() && microtime( true ) < $until && ! Circuit::is_open() ) {
			$row = Queue::claim();
			if ( null === $row ) {
				return;
			}
			self::send( $row );
		}
	}

	/**
	 * Tell one event as things are now, and write down what became of it.
	 *
	 * @param object $row As Queue::claim() gave it.
	 */
	public static function send( object $row ): void {
		try {
			list( $event, $data ) = Content::describe( $row->event, $row->subject, $row->note );
		} catch ( \Throwable $error ) {
			// Another plugin's filter broke: this event alone must suffer for it.
			Queue::retry( $row, $error->getMessage() );
			return;
		}
		$answer = Backend::tell( $row->event_id, $event, $row->subject, (int) $row->occurred_at, $row->actor, $data );
		self::judge( $row, $answer );
	}

	/**
	 * What an answer means: for this event, or for all.
	 *
	 * @param object               $row    The event.
	 * @param array<string, mixed> $answer As Backend gave it.
	 */
	private static function judge( object $row, array $answer ): void {
		$status = $answer['status'];
		if ( $status >= 200 && $status < 300 ) {
			Queue::sent( $row );
			Circuit::close();
		} elseif ( in_array( $status, array( 400, 413, 415, 422 ), true ) ) {
			Queue::bury( $row, $answer['reason'] );
		} elseif ( in_array( $status, array( 408, 409, 425, 500 ), true ) ) {
			Queue::retry( $row, $answer['reason'] );
		} else {
			// Away, overrun, or set up wrongly (401, 403, 404, a redirect): no event can pass, and none is to blame.
			Queue::put_back( $row, $answer['reason'] );
			Circuit::fail( $answer['reason'], $answer['wait'] );
		}
	}

	/**
	 * Give the browser its answer, where PHP can. Returns whether it could.
	 */
	private static function say_goodbye(): bool {
		foreach ( array( 'fastcgi_finish_request', 'litespeed_finish_request' ) as $finish ) {
			if ( function_exists( $finish ) ) {
				ignore_user_abort( true );
				$finish();
				return true;
			}
		}
		if ( self::$is_ours ) {
			flush();
		}
		return false;
	}

	/** Call this site's own route, and do not wait for what it says. Where that fails, cron comes within a minute. */
	private static function call_ourselves(): void {
		$hurry = static function ( $handle ): void {
			if ( defined( 'CURLOPT_TIMEOUT_MS' ) ) {
				curl_setopt( $handle, CURLOPT_TIMEOUT_MS, self::LOOPBACK_MS ); // phpcs:ignore -- WordPress waits a whole second for calls that do not wait.
			}
		};
		add_action( 'http_api_curl', $hurry, 100 );
		wp_remote_post(
			rest_url( Routes::SPACE . '/send' ),
			array(
				'blocking'  => false,
				'timeout'   => 0.01,
				'body'      => array( 'ticket' => Signature::ticket( time() + MINUTE_IN_SECONDS ) ),
				/** This filter is documented in wp-includes/class-wp-http-streams.php */
				'sslverify' => apply_filters( 'https_local_ssl_verify', false ), // phpcs:ignore -- WordPress' own filter.
			)
		);
		remove_action( 'http_api_curl', $hurry, 100 );
	}
}
