<?php
/**
 * The one door to the backend: signed events, and looks at its state.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * WordPress' own HTTP client. Public addresses only, unless HANDRAIL_PRIVATE_BACKEND says that ours is not.
 */
final class Backend {

	public const TIMEOUT_S     = 2;
	public const BODY_MAX      = 500000; // The backend takes 512 KB.
	private const ANSWER_BYTES = 65536;
	// A person waits in wp-admin and wants the answer: more of both.
	private const ASK_S     = 15;
	private const ASK_BYTES = 4000000;

	/**
	 * Tell an event.
	 *
	 * @param string               $id          The event's id: the same at each attempt.
	 * @param string               $event       As in the contract.
	 * @param string               $subject     "page:42".
	 * @param int                  $occurred_at Seconds since 1970.
	 * @param string               $actor       Who did it.
	 * @param array<string, mixed> $data        What there is to say.
	 * @return array{status: int, wait: int, body: array<string, mixed>, reason: string} status 0: no answer
	 */
	public static function tell( string $id, string $event, string $subject, int $occurred_at, string $actor, array $data ): array {
		list( $type, $number ) = explode( ':', $subject );
		$body = (string) wp_json_encode(
			array(
				'id'          => $id,
				'site_id'     => Settings::get( 'site_id' ),
				'event'       => $event,
				'occurred_at' => gmdate( 'Y-m-d\TH:i:s\Z', $occurred_at ),
				'actor'       => $actor,
				'subject'     => array( 'type' => $type, 'id' => (int) $number ),
				'data'        => (object) $data,
			)
		);
		if ( strlen( $body ) > self::BODY_MAX ) {
			return self::answer( 413, 0, array(), __( 'The event is too large to be sent.', 'handrail' ) );
		}
		$headers = Signature::headers( $body, $id, Settings::secret( 'webhook' ), time() );
		return self::call( 'POST', '/webhooks/wordpress', $headers, $body );
	}

	/**
	 * Ask for something in the name of this site, signed like an event.
	 *
	 * @param string               $path  Below the backend's address.
	 * @param array<string, mixed> $wanted What is wanted; the signature covers it.
	 * @return array{status: int, wait: int, body: array<string, mixed>, reason: string, origin: string}
	 */
	public static function ask( string $path, array $wanted ): array {
		$id      = wp_generate_uuid4();
		$body    = (string) wp_json_encode( array( 'id' => $id, 'site_id' => Settings::get( 'site_id' ) ) + $wanted );
		$headers = Signature::headers( $body, $id, Settings::secret( 'webhook' ), time() );
		return self::call( 'POST', $path, $headers, $body, self::ASK_S, self::ASK_BYTES );
	}

	/**
	 * One call. Redirects are not followed: a signed body goes where it was meant to go and nowhere else.
	 *
	 * @param string                $method  GET, POST or OPTIONS.
	 * @param string                $path    Below the backend's address.
	 * @param array<string, string> $headers To send.
	 * @param string                $body    To send.
	 * @param int                   $seconds How long to wait for an answer.
	 * @param int                   $bytes   How much of it to read.
	 * @return array{status: int, wait: int, body: array<string, mixed>, reason: string, origin: string}
	 */
	public static function call( string $method, string $path, array $headers = array(), string $body = '', int $seconds = self::TIMEOUT_S, int $bytes = self::ANSWER_BYTES ): array {
		$wanted = array(
			'method'              => $method,
			'headers'             => $headers + array( 'Accept' => 'application/json' ),
			'body'                => $body,
			'timeout'             => $seconds,
			'redirection'         => 0,
			'limit_response_size' => $bytes,
			'user-agent'          => 'Handrail-WordPress/' . VERSION,
			'reject_unsafe_urls'  => ! self::is_private(),
		);
		$got = wp_remote_request( Settings::get( 'backend' ) . $path, $wanted );
		if ( is_wp_error( $got ) ) {
			return self::answer( 0, 0, array(), $got->get_error_message() );
		}
		$status = (int) wp_remote_retrieve_response_code( $got );
		$said   = json_decode( wp_remote_retrieve_body( $got ), true, 16 );
		$said   = is_array( $said ) ? $said : array();
		$detail = is_string( $said['detail'] ?? null ) ? $said['detail'] : '';
		$wait   = (int) wp_remote_retrieve_header( $got, 'retry-after' );
		/* translators: %d: an HTTP status such as 503. */
		$reason = trim( sprintf( __( 'Answer %d.', 'handrail' ), $status ) . ' ' . sanitize_text_field( $detail ) );
		return self::answer( $status, $wait, $said, $reason, (string) wp_remote_retrieve_header( $got, 'access-control-allow-origin' ) );
	}

	/**
	 * Whether the owner has said, in wp-config.php, that the backend lies on a private address.
	 */
	public static function is_private(): bool {
		return defined( 'HANDRAIL_PRIVATE_BACKEND' ) && HANDRAIL_PRIVATE_BACKEND;
	}

	/**
	 * An answer in the one shape that all have.
	 *
	 * @param int                  $status HTTP status; 0: none.
	 * @param int                  $wait   Seconds that the backend asks to wait.
	 * @param array<string, mixed> $body   What it said.
	 * @param string               $reason In words.
	 * @param string               $origin The origin that may read the answer.
	 * @return array{status: int, wait: int, body: array<string, mixed>, reason: string, origin: string}
	 */
	private static function answer( int $status, int $wait, array $body, string $reason, string $origin = '' ): array {
		return compact( 'status', 'wait', 'body', 'reason', 'origin' );
	}
}
